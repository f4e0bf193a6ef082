//! Time, as a parameter: tests move it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The source of time: wall-clock time for what is stored, uptime for waiting.
pub trait Clock: Send + Sync + 'static {
    /// Returns milliseconds since 1970.
    fn wall_ms(&self) -> i64;
    /// Returns the time since some fixed moment of this process; never goes back.
    fn uptime(&self) -> Duration;
}

/// The system's clocks.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Creates a clock whose uptime starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        // A clock before 1970 counts as 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Returns a duration in milliseconds, at most `i64::MAX`.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
