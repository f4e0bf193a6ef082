//! A rate limit per key, with bounded memory, for keys that strangers choose.

use crate::api::Refusal;
use bus::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// The most keys that are counted separately, about 100 bytes each.
const KEYS_MAX: usize = 100_000;
/// The key that all further keys share while the table is full.
const OTHERS: &str = "";
/// How often a full table is searched for keys that can be forgotten.
const SEARCH_EVERY: Duration = Duration::from_secs(1);

type Rates = RateLimiter<String, DashMapStateStore<String>, Uptime, NoOpMiddleware<Duration>>;

/// Limits the rate per key. When more keys are active than the table holds, new ones share one
/// rate, so that memory stays bounded and every key is limited.
pub(crate) struct KeyedLimiter {
    clock: Uptime,
    rates: Rates,
    keys_max: usize,
    searched: Mutex<Duration>,
}

/// Adapts our clock to governor.
#[derive(Clone)]
struct Uptime(Arc<dyn Clock>);

impl governor::clock::Clock for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

impl KeyedLimiter {
    /// Allows `max` at once, and as many again per minute.
    pub(crate) fn per_minute(max: u32, clock: Arc<dyn Clock>) -> Self {
        Self::new(Quota::per_minute(at_least_one(max)), clock)
    }

    /// Allows `max` at once, and as many again per hour.
    pub(crate) fn per_hour(max: u32, clock: Arc<dyn Clock>) -> Self {
        Self::new(Quota::per_hour(at_least_one(max)), clock)
    }

    fn new(quota: Quota, clock: Arc<dyn Clock>) -> Self {
        let clock = Uptime(clock);
        Self {
            rates: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            searched: Mutex::new(clock.0.uptime()),
            keys_max: KEYS_MAX,
            clock,
        }
    }

    /// Counts one; if it is over the limit, refuses it with the time until the next is allowed.
    pub(crate) fn count(&self, key: &str) -> Result<(), Refusal> {
        let key = if self.has_room() { key } else { OTHERS };
        let counted = self.rates.check_key(&key.to_owned());
        counted.map_err(|until| {
            let wait = until.wait_time_from(self.clock.0.uptime());
            // Rounded up, so that a retry after that time is allowed.
            let retry_after_ms = u64::try_from(wait.as_millis())
                .unwrap_or(u64::MAX)
                .saturating_add(1);
            Refusal::RateLimited { retry_after_ms }
        })
    }

    /// Forgets keys that have their full rate again.
    pub(crate) fn forget_old(&self) {
        self.rates.retain_recent();
    }

    fn has_room(&self) -> bool {
        if self.rates.len() < self.keys_max {
            return true;
        }
        let now = self.clock.0.uptime();
        let mut searched = self.searched.lock();
        if now < *searched + SEARCH_EVERY {
            return false;
        }
        *searched = now;
        drop(searched);
        self.forget_old();
        self.rates.len() < self.keys_max
    }
}

fn at_least_one(max: u32) -> NonZeroU32 {
    NonZeroU32::new(max).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::manual_clock::ManualClock;

    fn wait(refused: Result<(), Refusal>) -> Duration {
        match refused {
            Err(Refusal::RateLimited { retry_after_ms }) => Duration::from_millis(retry_after_ms),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_key_has_its_own_rate() {
        let clock = ManualClock::default();
        let limiter = KeyedLimiter::per_minute(2, Arc::new(clock.clone()));
        assert_eq!(limiter.count("a"), Ok(()));
        assert_eq!(limiter.count("a"), Ok(()));
        let wait = wait(limiter.count("a"));
        assert_eq!(limiter.count("b"), Ok(()));
        clock.advance(wait);
        assert_eq!(limiter.count("a"), Ok(()));
    }

    #[test]
    fn an_hourly_rate_recovers_within_the_hour() {
        let clock = ManualClock::default();
        let limiter = KeyedLimiter::per_hour(2, Arc::new(clock.clone()));
        assert_eq!(limiter.count("a"), Ok(()));
        assert_eq!(limiter.count("a"), Ok(()));
        let wait = wait(limiter.count("a"));
        assert!(wait > Duration::from_secs(1_700), "{wait:?}");
        clock.advance(wait);
        assert_eq!(limiter.count("a"), Ok(()));
    }

    #[test]
    fn a_limit_beyond_reach_is_not_reached() {
        let limiter = KeyedLimiter::per_minute(u32::MAX, Arc::new(ManualClock::default()));
        assert!((0..10_000).all(|_| limiter.count("alice").is_ok()));
    }

    #[test]
    fn recovered_keys_are_forgotten() {
        let clock = ManualClock::default();
        let limiter = KeyedLimiter::per_minute(2, Arc::new(clock.clone()));
        limiter.count("a").unwrap();
        clock.advance(Duration::from_secs(120));
        limiter.forget_old();
        assert!(limiter.rates.is_empty());
    }

    #[test]
    fn a_full_table_stays_bounded_and_limits_the_newcomers_together() {
        let clock = ManualClock::default();
        let mut limiter = KeyedLimiter::per_minute(2, Arc::new(clock.clone()));
        limiter.keys_max = 3;
        for key in ["a", "b", "c", "d", "e"] {
            assert_eq!(limiter.count(key), Ok(()), "{key}");
        }
        let _ = wait(limiter.count("f"));
        assert!(limiter.rates.len() <= 4, "{}", limiter.rates.len());
        clock.advance(Duration::from_secs(120));
        assert_eq!(limiter.count("g"), Ok(()), "the old ones made room");
        assert_eq!(limiter.rates.len(), 1);
    }
}
