//! Exponential back-off with jitter.

use rand::Rng;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// The pauses between tries of something that keeps failing. They double from 100 ms to 5 s; each
/// is a random 50 to 100 % of that, so that those that failed together do not retry together.
///
/// ```
/// # use std::time::Duration;
/// let mut backoff = bus::Backoff::new();
/// assert!(backoff.pause() <= Duration::from_millis(100));
/// assert!(backoff.pause() >= Duration::from_millis(100));
/// backoff.reset();
/// assert!(backoff.pause() <= Duration::from_millis(100));
/// ```
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Starts at the shortest pause.
    #[must_use]
    pub fn new() -> Self {
        Self { next: FIRST }
    }

    /// Returns the pause before the next try, and doubles the one after it.
    pub fn pause(&mut self) -> Duration {
        let longest = self.next;
        self.next = (longest * 2).min(LONGEST);
        longest.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// Starts over at the shortest pause, after a success.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}
