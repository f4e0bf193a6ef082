//! How something enters the bus from outside: on which credits, and where its reads run.

use crate::credits::{CreditPool, Credits};
use crate::pace::Pace;
use crate::{AskError, Tasks};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How often a bounded handle may put something on the bus, on average and at once.
///
/// Each time its thread takes the lock of the event log. The thread may be of the lowest priority, and the
/// kernel may stop it while it has the lock: everybody else then waits until some processor has nothing
/// better to do, for 250 ms and more on a busy machine (`benches/flood.rs` measures it). At a
/// thousand times a second that is so unlikely that it does not show in one of a thousand events.
const INTERVAL: Duration = Duration::from_millis(1);
const AT_ONCE: u32 = 64;

/// The way in of one handle, or of the events that an isolated subscriber emits.
#[derive(Clone)]
pub(crate) struct Entrance {
    pool: Arc<CreditPool>,
    bounds: Option<Bounds>,
}

/// What a bounded handle has besides a pool of its own.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) name: &'static str,
    pace: Arc<Pace>,
    /// Set when nothing more may enter by any handle with bounds.
    closed: Arc<AtomicBool>,
    /// The tasks that its reads become. A read holds what it shares with others, a permit of its
    /// answerer and a place in the queue of a connection pool, until it is polled again. So it must not
    /// be polled by a caller that may be stuck.
    pub(crate) tasks: Tasks,
}

impl Entrance {
    /// The way in of everybody, on the credits of the bus.
    pub(crate) fn open(pool: &Arc<CreditPool>) -> Self {
        Self {
            pool: Arc::clone(pool),
            bounds: None,
        }
    }

    /// A way in on a pool of its own.
    pub(crate) fn bounded(
        pool: Arc<CreditPool>,
        name: &'static str,
        tasks: Tasks,
        closed: Arc<AtomicBool>,
    ) -> Self {
        Self {
            pool,
            bounds: Some(Bounds {
                name,
                pace: Arc::new(Pace::new(INTERVAL, AT_ONCE)),
                closed,
                tasks,
            }),
        }
    }

    /// Waits for a credit. Cancel-safe.
    pub(crate) async fn enter(&self) -> Credits {
        // Whoever waits for its turn and is not polled any more holds no credit meanwhile.
        self.pace().await;
        self.pool.enter().await
    }

    /// Waits until a handle with bounds may put another thing on the bus.
    pub(crate) async fn pace(&self) {
        if let Some(bounds) = &self.bounds {
            bounds.pace.slot().await;
        }
    }

    /// Waits for a credit until the deadline of a request.
    pub(crate) async fn enter_by(&self, deadline: Instant) -> Result<Credits, AskError> {
        let entered = timeout_at(deadline, self.enter()).await;
        let credits = entered.map_err(|_| AskError::Overloaded)?;
        if self.is_closed() {
            return Err(AskError::Draining);
        }
        Ok(credits)
    }

    /// Whether whoever enters here may emit an event of this name: by a handle with bounds, only its own.
    pub(crate) fn may_emit(&self, event: &str) -> bool {
        self.bounds.as_ref().is_none_or(|bounds| {
            let own = event.strip_prefix(bounds.name);
            own.is_some_and(|own| own.starts_with('.'))
        })
    }

    /// Whether nothing more may enter here.
    pub(crate) fn is_closed(&self) -> bool {
        let bounds = self.bounds.as_ref();
        bounds.is_some_and(|bounds| bounds.closed.load(Ordering::Acquire))
    }

    pub(crate) fn bounds(&self) -> Option<&Bounds> {
        self.bounds.as_ref()
    }

    pub(crate) fn pool(&self) -> &CreditPool {
        &self.pool
    }
}
