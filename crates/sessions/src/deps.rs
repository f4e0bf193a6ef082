//! The dependencies of this crate's parts.

use crate::presence::Generation;
use crate::random::Random;
use crate::rate_limits::RateLimits;
use crate::seen_sessions::SeenSessions;
use crate::settings::Settings;
use bus::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use storage::{ClockTrust, ClockWatch, Database};

/// What the subscriber, the queries and the timers share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) clock_watch: Arc<ClockWatch>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) limits: Arc<RateLimits>,
    pub(crate) seen: Arc<SeenSessions>,
    /// How often the subscriber has been loaded.
    loads: Arc<AtomicU32>,
}

impl Deps {
    /// Collects the dependencies. `database` has the tables.
    #[must_use]
    pub fn new(
        database: Database,
        settings: Settings,
        clock: impl Clock,
        random: impl Random,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let limits = RateLimits::new(&settings, &clock);
        Self {
            clock_watch: Arc::new(ClockWatch::new(&database)),
            database,
            settings: Arc::new(settings),
            clock,
            limits: Arc::new(limits),
            random: Arc::new(random),
            seen: Arc::default(),
            loads: Arc::default(),
        }
    }

    /// Whether the clock is plausible enough for what cannot be undone: a wrong one would end every
    /// session and every guest.
    pub(crate) async fn trusts_clock(&self) -> anyhow::Result<bool> {
        let look = self
            .clock_watch
            .look(self.clock.wall_ms(), self.clock.uptime());
        let ClockTrust::Suspect { ahead_ms, wait_ms } = look.await? else {
            return Ok(true);
        };
        tracing::warn!(
            ahead_s = ahead_ms / 1_000,
            trusted_in_s = wait_ms / 1_000,
            "the clock is far ahead of the last time in the store: no session or guest expires until \
             it is corrected or has run steadily for a day"
        );
        Ok(false)
    }

    /// Counts a load of the subscriber and returns its number.
    pub(crate) fn next_generation(&self) -> Generation {
        Generation(self.loads.fetch_add(1, Relaxed))
    }
}
