//! The dependencies of this crate's parts.

use crate::api::{Online, SessionId, UserId};
use crate::presence::{GracePeriods, Presence};
use crate::random::Random;
use crate::rate_limits::RateLimits;
use crate::settings::Settings;
use bus::Clock;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::sync::Arc;
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
    presence: Arc<Mutex<Presence>>,
    seen: Arc<Mutex<HashMap<SessionId, UserId>>>,
}

impl Deps {
    /// Collects the dependencies. `database` has the tables; from now on sessions keeps `online` up
    /// to date.
    #[must_use]
    pub fn new(
        database: Database,
        settings: Settings,
        online: Online,
        clock: impl Clock,
        random: impl Random,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let limits = RateLimits::new(&settings, &clock);
        let grace = GracePeriods {
            clean: settings.clean_grace,
            lost: settings.lost_grace,
        };
        Self {
            clock_watch: Arc::new(ClockWatch::new(&database)),
            database,
            settings: Arc::new(settings),
            clock,
            limits: Arc::new(limits),
            random: Arc::new(random),
            presence: Arc::new(Mutex::new(Presence::new(grace, online))),
            seen: Arc::default(),
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

    /// Locks the presence table. Only the subscriber uses it; it is here to survive a rebuild of
    /// the subscriber. Never hold it across an await.
    pub(crate) fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock()
    }

    /// Notes that a session was used without a connection. A timer writes these in batches.
    pub(crate) fn note_seen(&self, session: SessionId, user: UserId) {
        self.seen.lock().insert(session, user);
    }

    /// Takes the sessions that were noted as seen.
    pub(crate) fn take_seen(&self) -> HashMap<SessionId, UserId> {
        std::mem::take(&mut *self.seen.lock())
    }
}
