//! How something enters the bus from outside: on which credits, and where its reads run.

use crate::credits::{CreditPool, Credits};
use crate::{AskError, Tasks};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

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
    pub(crate) fn bounded(pool: Arc<CreditPool>, name: &'static str, tasks: Tasks) -> Self {
        Self {
            pool,
            bounds: Some(Bounds { name, tasks }),
        }
    }

    /// Waits for a credit. Cancel-safe.
    pub(crate) async fn enter(&self) -> Credits {
        self.pool.enter().await
    }

    /// Waits for a credit until the deadline of a request.
    pub(crate) async fn enter_by(&self, deadline: Instant) -> Result<Credits, AskError> {
        let entered = timeout_at(deadline, self.enter()).await;
        entered.map_err(|_| AskError::Overloaded)
    }

    pub(crate) fn bounds(&self) -> Option<&Bounds> {
        self.bounds.as_ref()
    }

    pub(crate) fn pool(&self) -> &CreditPool {
        &self.pool
    }
}
