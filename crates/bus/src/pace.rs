//! How often something may happen: so many times a second on average, and a few at once.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Gives out slots, first come, first served.
pub(crate) struct Pace {
    interval: Duration,
    burst: Duration,
    /// When the next slot is due that nobody has; in the past if there were fewer callers.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Gives out one slot per `interval` on average, and `at_once` after a pause.
    pub(crate) fn new(interval: Duration, at_once: u32) -> Self {
        Self {
            interval,
            burst: interval * at_once.saturating_sub(1),
            next: Mutex::default(),
        }
    }

    /// Waits for the caller's slot. Dropped meanwhile, the slot is lost.
    pub(crate) async fn slot(&self) {
        let now = Instant::now();
        let slot = self.take(now);
        if slot > now {
            sleep_until(slot).await;
        }
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock();
        let earliest = now.checked_sub(self.burst).unwrap_or(now);
        let slot = next.map_or(earliest, |next| next.max(earliest));
        *next = Some(slot + self.interval);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn some_slots_come_at_once_and_the_others_one_by_one() {
        let pace = Pace::new(10 * MS, 3);
        let mut waits = Vec::new();
        tokio::time::advance(1_000 * MS).await;
        for _ in 0..6 {
            let began = Instant::now();
            pace.slot().await;
            waits.push(began.elapsed().as_millis());
        }
        assert_eq!(waits, [0, 0, 0, 10, 10, 10]);
        tokio::time::advance(20 * MS).await;
        let began = Instant::now();
        pace.slot().await;
        pace.slot().await;
        assert_eq!(began.elapsed(), Duration::ZERO, "two were not used");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_wait_gets_no_slot_more_often() {
        let pace = Pace::new(10 * MS, 1);
        pace.slot().await;
        for _ in 0..3 {
            let slot = tokio::time::timeout(Duration::ZERO, pace.slot());
            assert!(slot.await.is_err());
        }
        let began = Instant::now();
        pace.slot().await;
        assert_eq!(began.elapsed(), 40 * MS);
    }
}
