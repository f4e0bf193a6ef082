//! A clock for tests.

use bus::Clock;
use std::time::Duration;

/// A clock that moves only by [`Self::advance`].
#[derive(Debug, Clone, Default)]
pub(crate) struct ManualClock(std::sync::Arc<std::sync::atomic::AtomicU64>);

impl ManualClock {
    /// Noon of 2026-11-20, in milliseconds since 1970.
    pub(crate) const START_MS: i64 = 1_795_176_000_000;

    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(by, std::sync::atomic::Ordering::Relaxed);
    }

    fn passed_ms(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Clock for ManualClock {
    fn wall_ms(&self) -> i64 {
        Self::START_MS + i64::try_from(self.passed_ms()).unwrap()
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.passed_ms())
    }
}
