//! A rate per key, for keys that strangers choose: a table with a bound.

use crate::api::Refusal;
use crate::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The most keys that are counted apart, about 100 bytes each.
const KEYS_MAX: usize = 100_000;
/// What all further keys share while the table is full.
const OTHERS: &str = "";
/// How often a full table is searched for keys that have recovered.
const SEARCH_EVERY: Duration = Duration::from_secs(1);

type Rates = RateLimiter<String, DashMapStateStore<String>, Uptime, NoOpMiddleware<Duration>>;

/// Lets so many pass per key and time. When more keys are active than the table holds, the newcomers
/// share one rate: memory stays bounded, and nobody is free of the limit.
pub(crate) struct Limiter {
    clock: Uptime,
    rates: Rates,
    keys_max: usize,
    searched: Mutex<Duration>,
}

/// Our clock, as governor wants it.
#[derive(Clone)]
struct Uptime(Arc<dyn Clock>);

impl governor::clock::Clock for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

impl Limiter {
    /// So many at once, and as many again in each minute.
    pub(crate) fn per_minute(most: u32, clock: Arc<dyn Clock>) -> Self {
        Self::new(Quota::per_minute(at_least_one(most)), clock)
    }

    /// So many at once, and as many again in each hour.
    pub(crate) fn per_hour(most: u32, clock: Arc<dyn Clock>) -> Self {
        Self::new(Quota::per_hour(at_least_one(most)), clock)
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

    /// Counts one; refuses with the time until the next is let through.
    pub(crate) fn count(&self, key: &str) -> Result<(), Refusal> {
        let key = if self.has_room() { key } else { OTHERS };
        let counted = self.rates.check_key(&key.to_owned());
        counted.map_err(|until| {
            let wait = until.wait_time_from(self.clock.0.uptime());
            // Rounded up: whoever comes back then is let in.
            let retry_after_ms = u64::try_from(wait.as_millis())
                .unwrap_or(u64::MAX)
                .saturating_add(1);
            Refusal::RateLimited { retry_after_ms }
        })
    }

    /// Forgets the keys whose rate has recovered.
    pub(crate) fn forget_old(&self) {
        self.rates.retain_recent();
    }

    fn has_room(&self) -> bool {
        if self.rates.len() < self.keys_max {
            return true;
        }
        let now = self.clock.0.uptime();
        let mut searched = self.searched.lock().unwrap_or_else(PoisonError::into_inner);
        if now < *searched + SEARCH_EVERY {
            return false;
        }
        *searched = now;
        drop(searched);
        self.forget_old();
        self.rates.len() < self.keys_max
    }
}

fn at_least_one(most: u32) -> NonZeroU32 {
    NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn wait(refused: Result<(), Refusal>) -> Duration {
        match refused {
            Err(Refusal::RateLimited { retry_after_ms }) => Duration::from_millis(retry_after_ms),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_key_has_its_own_rate() {
        let clock = ManualClock::default();
        let limiter = Limiter::per_minute(2, Arc::new(clock.clone()));
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
        let limiter = Limiter::per_hour(2, Arc::new(clock.clone()));
        assert_eq!(limiter.count("a"), Ok(()));
        assert_eq!(limiter.count("a"), Ok(()));
        let wait = wait(limiter.count("a"));
        assert!(wait > Duration::from_secs(1_700), "{wait:?}");
        clock.advance(wait);
        assert_eq!(limiter.count("a"), Ok(()));
    }

    #[test]
    fn a_limit_beyond_reach_is_not_reached() {
        let limiter = Limiter::per_minute(u32::MAX, Arc::new(ManualClock::default()));
        assert!((0..10_000).all(|_| limiter.count("alice").is_ok()));
    }

    #[test]
    fn those_who_have_recovered_are_forgotten() {
        let clock = ManualClock::default();
        let limiter = Limiter::per_minute(2, Arc::new(clock.clone()));
        limiter.count("a").unwrap();
        clock.advance(Duration::from_secs(120));
        limiter.forget_old();
        assert!(limiter.rates.is_empty());
    }

    #[test]
    fn a_full_table_stays_bounded_and_limits_the_newcomers_together() {
        let clock = ManualClock::default();
        let mut limiter = Limiter::per_minute(2, Arc::new(clock.clone()));
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
