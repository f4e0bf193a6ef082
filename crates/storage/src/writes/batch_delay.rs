//! Whether a lane waits a moment for company: a transaction costs much the same for one job and
//! for ten.
//!
//! It waits only while many jobs come one after another, and only as long as that brings some: a
//! single client that sends its next job after the answer would wait for itself.

use std::time::Duration;
use tokio::time::Instant;

/// So many jobs have delayed by themselves.
const COMPANY: usize = 16;

/// Fewer jobs than this in [`WINDOW`] are too few to wait for: 200 per second.
const BUSY: usize = 20;
const WINDOW: Duration = Duration::from_millis(100);

/// So often in a row waiting may be in vain, as it is now and then where jobs come at random.
const VAIN_MAX: u32 = 4;

/// After waiting in vain again and again, so many batches go without.
const SKIPPED_MAX: u32 = 256;

/// What a lane has seen lately.
pub(crate) struct BatchDelay {
    window_began: Instant,
    arrived: usize,
    is_busy: bool,
    /// Batches that still go without.
    skip: u32,
    /// How often in a row waiting was in vain.
    vain: u32,
}

impl BatchDelay {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            window_began: now,
            arrived: 0,
            is_busy: false,
            skip: 0,
            vain: 0,
        }
    }

    /// So many jobs have just been taken: is a moment likely to bring more?
    pub(crate) fn is_worth_it(&mut self, jobs: usize, now: Instant) -> bool {
        self.count(jobs, now);
        if jobs >= COMPANY || !self.is_busy {
            return false;
        }
        let skipped = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        !skipped
    }

    /// It was waited for, and brought so many.
    pub(crate) fn brought(&mut self, more: usize) {
        self.arrived += more;
        if more > 0 {
            self.vain = 0;
            return;
        }
        self.vain = self.vain.saturating_add(1);
        if let Some(doublings) = self.vain.checked_sub(VAIN_MAX) {
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
        delay.is_worth_it(BUSY, now);
        (delay, now)
    }

    #[test]
    fn a_quiet_lane_waits_for_nobody() {
        let start = Instant::now();
        let mut delay = BatchDelay::new(start);
        for n in 1..=20 {
            let now = start + Duration::from_millis(10) * n;
            assert!(!delay.is_worth_it(1, now), "100 per second");
        }
    }

    #[test]
    fn a_busy_lane_waits_as_long_as_that_brings_company() {
        let (mut delay, now) = busy();
        assert!(delay.is_worth_it(1, now));
        delay.brought(1);
        assert!(delay.is_worth_it(2, now));
        assert!(!delay.is_worth_it(16, now), "company enough");
    }

    #[test]
    fn jobs_that_come_at_random_are_waited_for() {
        let (mut delay, now) = busy();
        for n in 0..100 {
            assert!(delay.is_worth_it(1, now), "vain up to three times in a row");
            delay.brought(usize::from(n % 4 == 3));
        }
    }

    #[test]
    fn one_who_waits_for_the_answer_is_not_kept_waiting() {
        let (mut delay, now) = busy();
        let mut waited = 0;
        for _ in 0..1_000 {
            if delay.is_worth_it(1, now) {
                waited += 1;
                delay.brought(0);
            }
        }
        assert!(waited < 20, "{waited}");
    }

    #[test]
    fn a_pause_ends_the_rush() {
        let (mut delay, now) = busy();
        assert!(!delay.is_worth_it(1, now + 10 * WINDOW));
    }
}
