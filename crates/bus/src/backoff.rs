//! How long to wait before the next try.

use rand::Rng;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubles from 100 ms to 5 s; each pause is 50 to 100 % of that, so that those who failed
/// together do not come back together.
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The pause before the next try.
    pub(crate) fn pause(&mut self) -> Duration {
        let longest = self.next;
        self.next = (longest * 2).min(LONGEST);
        longest.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// All went well for a while: the next failure is a first one.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }
}
