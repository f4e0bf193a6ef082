//! The dependencies of analytics.

use crate::inbox::Inbox;
use crate::probe::OperatorView;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use storage::Database;

/// Returns the time, in milliseconds since 1970.
pub type Clock = fn() -> i64;

/// Returns the epoch of the store that the room logs belong to.
type Source = Arc<dyn Fn() -> String + Send + Sync>;

/// What the subscriber, the counter and the probe share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) source: Source,
    pub(crate) clock: Clock,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) operator_view: Arc<OperatorView>,
}

impl Deps {
    /// Collects the dependencies. `database` has the tables; `source` returns the epoch of the
    /// store whose logs are counted. Uses the system clock.
    #[must_use]
    pub fn new(database: Database, source: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self {
            database,
            source: Arc::new(source),
            clock: wall_ms,
            inbox: Arc::default(),
            operator_view: Arc::default(),
        }
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

/// Reads the system clock; a time before 1970 counts as 1970.
fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
