//! Whether a lane waits a moment for more jobs: a transaction costs much the same for one job and
//! for ten.
//!
//! It waits only while many jobs come one after another, and only as long as waiting brings some: a
//! single client that sends its next job after the answer would wait for itself.

use std::time::Duration;
use tokio::time::Instant;

/// This many jobs are enough: no waiting.
const ENOUGH: usize = 16;

/// Fewer jobs than this in [`WINDOW`] are too few to wait for: 200 per second.
const BUSY: usize = 20;
const WINDOW: Duration = Duration::from_millis(100);

/// So often in a row waiting may bring nothing, which happens now and then when jobs come at
/// random.
const FUTILE_MAX: u32 = 4;

/// The most batches that do not wait after waiting has brought nothing again and again.
const SKIPPED_MAX: u32 = 256;

/// What a lane has seen lately.
pub(crate) struct BatchDelay {
    window_began: Instant,
    arrived: usize,
    is_busy: bool,
    /// How many more batches do not wait.
    skip: u32,
    /// How often in a row waiting brought nothing.
    futile: u32,
}

impl BatchDelay {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            window_began: now,
            arrived: 0,
            is_busy: false,
            skip: 0,
            futile: 0,
        }
    }

    /// Whether waiting a moment is likely to bring more jobs than these, which have just been
    /// taken.
    pub(crate) fn should_wait(&mut self, jobs: usize, now: Instant) -> bool {
        self.count(jobs, now);
        if jobs >= ENOUGH || !self.is_busy {
            return false;
        }
        let skipped = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        !skipped
    }

    /// Notes how many jobs waiting has brought.
    pub(crate) fn waited(&mut self, more: usize) {
        self.arrived += more;
        if more > 0 {
            self.futile = 0;
            return;
        }
        self.futile = self.futile.saturating_add(1);
        if let Some(doublings) = self.futile.checked_sub(FUTILE_MAX) {
            self.skip = SKIPPED_MAX.min(1 << doublings.min(31));
        }
    }

    fn count(&mut self, jobs: usize, now: Instant) {
        self.arrived += jobs;
        let took = now - self.window_began;
        if took < WINDOW {
            return;
        }
        // A window that ends late was quiet for a while.
        self.is_busy = self.arrived >= BUSY && took < 2 * WINDOW;
        self.arrived = 0;
        self.window_began = now;
    }
}

#[cfg(test)]
mod tests {
    use super::{BUSY, BatchDelay, WINDOW};
    use std::time::Duration;
    use tokio::time::Instant;

    fn busy() -> (BatchDelay, Instant) {
        let start = Instant::now();
        let mut delay = BatchDelay::new(start);
        let now = start + WINDOW;
        delay.should_wait(BUSY, now);
        (delay, now)
    }

    #[test]
    fn a_quiet_lane_waits_for_nobody() {
        let start = Instant::now();
        let mut delay = BatchDelay::new(start);
        for n in 1..=20 {
            let now = start + Duration::from_millis(10) * n;
            assert!(!delay.should_wait(1, now), "100 per second");
        }
    }

    #[test]
    fn a_busy_lane_waits_as_long_as_that_brings_company() {
        let (mut delay, now) = busy();
        assert!(delay.should_wait(1, now));
        delay.waited(1);
        assert!(delay.should_wait(2, now));
        assert!(!delay.should_wait(16, now), "enough jobs");
    }

    #[test]
    fn jobs_that_come_at_random_are_waited_for() {
        let (mut delay, now) = busy();
        for n in 0..100 {
            assert!(
                delay.should_wait(1, now),
                "in vain up to three times in a row"
            );
            delay.waited(usize::from(n % 4 == 3));
        }
    }

    #[test]
    fn one_who_waits_for_the_answer_is_not_kept_waiting() {
        let (mut delay, now) = busy();
        let mut waited = 0;
        for _ in 0..1_000 {
            if delay.should_wait(1, now) {
                waited += 1;
                delay.waited(0);
            }
        }
        assert!(waited < 20, "{waited}");
    }

    #[test]
    fn a_pause_ends_the_rush() {
        let (mut delay, now) = busy();
        assert!(!delay.should_wait(1, now + 10 * WINDOW));
    }
}
