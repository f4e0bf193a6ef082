//! Waiting, at the start, for a database whose server comes up later.

use super::slot::Slot;
use crate::{DatabaseState, OpenError};
use bus::Backoff;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The first and the longest pause between two attempts.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// When the log says for the first time that the wait goes on; each later time comes after twice as
/// long.
const LOG_AFTER: Duration = Duration::from_secs(5);

impl Slot {
    /// Opens the database. As long as its server cannot be reached, tries again, for at most the
    /// configured time. What waiting cannot mend fails at once.
    pub(super) async fn open_patiently(self: &Arc<Self>) -> Result<(), OpenError> {
        let config = self.config();
        let mut wait = StartWait::new(config.name.clone(), config.start_wait);
        while let Err(error) = self.open_or(wait.state_after_failure()).await {
            let may_pass = error.may_pass() && !config.url.is_file();
            if !may_pass || !wait.goes_on(&error).await {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// One wait: how long it has taken, and when to log it.
struct StartWait {
    database: String,
    began: Instant,
    end: Instant,
    log_at: Option<Instant>,
    backoff: Backoff,
}

impl StartWait {
    fn new(database: String, limit: Duration) -> Self {
        let began = Instant::now();
        Self {
            database,
            began,
            end: began + limit,
            log_at: None,
            backoff: Backoff::between(PAUSE_MIN, PAUSE_MAX),
        }
    }

    /// Returns what the database is called between two attempts: without a wait it is lost.
    fn state_after_failure(&self) -> DatabaseState {
        if self.end > self.began {
            DatabaseState::Connecting
        } else {
            DatabaseState::Lost
        }
    }

    /// Logs that the wait goes on, and pauses. Returns false if the time is up.
    async fn goes_on(&mut self, cause: &OpenError) -> bool {
        if Instant::now() >= self.end {
            return false;
        }
        self.log(cause);
        let pause = tokio::time::sleep(self.backoff.pause());
        // The last attempt comes at the end of the time.
        let _ = timeout_at(self.end, pause).await;
        true
    }

    /// Logs the first failure, and later ones at widening intervals.
    fn log(&mut self, cause: &OpenError) {
        let (database, now) = (&self.database, Instant::now());
        match self.log_at {
            None => {
                let at_most_ms = millis(self.end - self.began);
                tracing::warn!(%database, %cause, at_most_ms, "waiting for a database");
                self.log_at = Some(self.began + LOG_AFTER);
            }
            Some(at) if now >= at => {
                let waited = now - self.began;
                let waited_ms = millis(waited);
                tracing::warn!(%database, %cause, waited_ms, "still waiting for a database");
                self.log_at = Some(now + waited);
            }
            Some(_) => {}
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
