//! The dependencies of analytics.

use crate::inbox::Inbox;
use crate::probe::OperatorView;
use bus::{Clock, SystemClock};
use std::sync::Arc;
use storage::Database;

/// Returns the epoch of the store that the room logs belong to.
type Source = Arc<dyn Fn() -> String + Send + Sync>;

/// What the subscriber, the counter and the probe share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) source: Source,
    pub(crate) clock: Arc<dyn Clock>,
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
            clock: Arc::new(SystemClock::new()),
            inbox: Arc::default(),
            operator_view: Arc::default(),
        }
    }
}
