//! The dependencies of messaging: database, settings, clock.

use crate::settings::Settings;
use std::time::{SystemTime, UNIX_EPOCH};
use storage::Database;

/// Returns the wall clock's time, ms since 1970.
pub type Clock = fn() -> i64;

/// What the subscriber, the queries and the timers share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
}

impl Deps {
    /// Uses the tables in `database`, which also has those of rooms, and the system's clock.
    #[must_use]
    pub fn new(database: Database, settings: Settings) -> Self {
        Self {
            database,
            settings,
            clock: wall_ms,
        }
    }

    /// Replaces the clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

/// Returns the system's time; a time before 1970 counts as 1970.
fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
