//! Exponential back-off with jitter.

use rand::Rng;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// The pauses between tries of something that keeps failing. They double from the first to the
/// longest; each is a random 50 to 100 % of that, so that those that failed together do not retry
/// together.
///
/// ```
/// # use std::time::Duration;
/// let mut backoff = bus::Backoff::new();
/// assert!(backoff.pause() <= Duration::from_millis(100));
/// assert!(backoff.pause() >= Duration::from_millis(100));
/// backoff.reset();
/// assert!(backoff.pause() <= Duration::from_millis(100));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Doubles from 100 ms to 5 s.
    #[must_use]
    pub const fn new() -> Self {
        Self::between(FIRST, LONGEST)
    }

    /// Doubles from the first pause to the longest.
    #[must_use]
    pub const fn between(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// Returns the pause before the next try, and doubles the one after it.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// Starts over at the shortest pause, after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}
