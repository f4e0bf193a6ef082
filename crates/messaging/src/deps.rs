//! The dependencies of messaging: database, settings, clock.

use crate::settings::Settings;
use bus::{Clock, SystemClock};
use std::sync::Arc;
use storage::Database;

/// What the subscriber, the queries and the timers share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Deps {
    /// Uses the tables in `database`, which also has those of rooms, and the system's clock.
    #[must_use]
    pub fn new(database: Database, settings: Settings) -> Self {
        Self {
            database,
            settings,
            clock: Arc::new(SystemClock::new()),
        }
    }
}
