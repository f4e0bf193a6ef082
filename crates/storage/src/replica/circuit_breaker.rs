//! Leaves a replica alone for a while after it failed, so that this costs one late read and not
//! every read.

use bus::Backoff;
use parking_lot::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// The first and the longest pause.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Open (`Some`) while the replica is left alone.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker(Mutex<Option<Pause>>);

#[derive(Debug, Clone, Copy)]
struct Pause {
    until: Instant,
    length: Duration,
    backoff: Backoff,
    on_trial: bool,
}

impl CircuitBreaker {
    /// Whether a read may be tried. Once the pause has passed one caller may, as a trial; the
    /// others are refused until its outcome is known, or for another pause.
    pub(crate) fn allow(&self) -> bool {
        let mut open = self.locked();
        let Some(pause) = &mut *open else {
            return true;
        };
        let now = Instant::now();
        if now < pause.until {
            return false;
        }
        pause.until = now + pause.length;
        pause.on_trial = true;
        true
    }

    /// Notes a failed read; opens the breaker or, after a trial, doubles the pause.
    pub(crate) fn failed(&self) {
        let mut open = self.locked();
        let mut backoff = match *open {
            None => Backoff::between(PAUSE_MIN, PAUSE_MAX),
            Some(pause) if pause.on_trial => pause.backoff,
            // Reads that were under way when the breaker opened count as one failure.
            Some(_) => return,
        };
        let length = backoff.pause();
        *open = Some(Pause {
            until: Instant::now() + length,
            length,
            backoff,
            on_trial: false,
        });
    }

    /// Closes the breaker.
    pub(crate) fn succeeded(&self) {
        *self.locked() = None;
    }

    fn locked(&self) -> MutexGuard<'_, Option<Pause>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::{CircuitBreaker, PAUSE_MAX};
    use std::time::Duration;
    use tokio::time::{advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_one_at_a_time_tries_again() {
        let breaker = CircuitBreaker::default();
        assert!(breaker.allow() && breaker.allow());
        breaker.failed();
        assert!(!breaker.allow());
        advance(Duration::from_millis(350)).await;
        assert!(breaker.allow(), "the trial");
        assert!(!breaker.allow(), "the others");
        breaker.succeeded();
        assert!(breaker.allow() && breaker.allow());
    }

    #[tokio::test(start_paused = true)]
    async fn each_trial_that_fails_makes_the_pause_longer_up_to_a_bound() {
        let breaker = CircuitBreaker::default();
        for _ in 0..10 {
            while !breaker.allow() {
                sleep(Duration::from_millis(10)).await;
            }
            breaker.failed();
        }
        advance(PAUSE_MAX.mul_f64(0.45)).await;
        assert!(!breaker.allow());
        advance(PAUSE_MAX).await;
        assert!(breaker.allow());
    }

    #[tokio::test(start_paused = true)]
    async fn reads_that_fail_together_are_one_failure() {
        let breaker = CircuitBreaker::default();
        for _ in 0..10 {
            breaker.failed();
        }
        advance(Duration::from_millis(350)).await;
        assert!(breaker.allow());
    }
}
