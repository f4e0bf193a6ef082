//! What analytics is made from.

use crate::desk::Desk;
use crate::probe::OperatorView;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use storage::Database;

/// What time it is, ms since 1970.
pub type Clock = fn() -> i64;

/// Which store the room logs are of: its epoch.
type Source = Arc<dyn Fn() -> String + Send + Sync>;

/// The subscriber's, the counter's and the probe's common ground. A cheap handle.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) source: Source,
    pub(crate) clock: Clock,
    pub(crate) desk: Arc<Desk>,
    pub(crate) operator_view: Arc<OperatorView>,
}

impl Deps {
    /// Tables in `database`; `source` says the epoch of the store whose logs are counted. The
    /// machine's own clock.
    #[must_use]
    pub fn new(database: Database, source: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self {
            database,
            source: Arc::new(source),
            clock: wall_ms,
            desk: Arc::default(),
            operator_view: Arc::default(),
        }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

/// A clock before 1970 counts as 1970.
fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
