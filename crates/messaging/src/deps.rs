//! What messaging is made from.

use crate::settings::Settings;
use std::time::{SystemTime, UNIX_EPOCH};
use storage::Database;

/// What time it is, ms since 1970.
pub type Clock = fn() -> i64;

/// The subscriber's and the reader's common ground. A cheap handle.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
}

impl Deps {
    /// Tables in `database`, beside those of rooms. The machine's own clock.
    #[must_use]
    pub fn new(database: Database, settings: Settings) -> Self {
        Self {
            database,
            settings,
            clock: wall_ms,
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
