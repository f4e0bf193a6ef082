//! How often a password may be tried.

use crate::api::Refusal;
use crate::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Attempts per name and per network. Names are counted whether anyone has them or not.
pub(crate) struct Attempts {
    clock: Uptime,
    names: Limiter,
    networks: Limiter,
}

type Limiter = RateLimiter<String, DashMapStateStore<String>, Uptime, NoOpMiddleware<Duration>>;

/// Our clock, as governor wants it.
#[derive(Clone)]
struct Uptime(Arc<dyn Clock>);

impl governor::clock::Clock for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

impl Attempts {
    pub(crate) fn new(per_name: u32, per_network: u32, clock: Arc<dyn Clock>) -> Self {
        let clock = Uptime(clock);
        let limiter = |per_minute| {
            let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
            let store = DashMapStateStore::default();
            RateLimiter::new(Quota::per_minute(per_minute), store, clock.clone())
        };
        let (names, networks) = (limiter(per_name), limiter(per_network));
        Self {
            clock,
            names,
            networks,
        }
    }

    /// Counts one attempt from this network, at whatever name.
    pub(crate) fn by_network(&self, network: &str) -> Result<(), Refusal> {
        self.count(&self.networks, network)
    }

    /// Counts one attempt on this name, from wherever.
    pub(crate) fn at_name(&self, key: &str) -> Result<(), Refusal> {
        self.count(&self.names, key)
    }

    fn count(&self, limiter: &Limiter, key: &str) -> Result<(), Refusal> {
        limiter
            .check_key(&key.to_owned())
            .map_err(|until| self.refusal(&until))
    }

    /// Forgets those who have not tried for a while.
    pub(crate) fn forget_old(&self) {
        self.names.retain_recent();
        self.networks.retain_recent();
    }

    fn refusal(&self, until: &NotUntil<Duration>) -> Refusal {
        let wait = until.wait_time_from(governor::clock::Clock::now(&self.clock));
        // Rounded up: whoever comes back then is let in.
        let retry_after_ms = u64::try_from(wait.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        Refusal::RateLimited { retry_after_ms }
    }
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
    fn a_name_is_guessed_at_only_so_often() {
        let clock = ManualClock::default();
        let attempts = Attempts::new(2, 1, Arc::new(clock.clone()));
        assert_eq!(attempts.at_name("alice"), Ok(()));
        assert_eq!(attempts.at_name("alice"), Ok(()));
        let wait = wait(attempts.at_name("alice"));
        assert_eq!(attempts.at_name("bob"), Ok(()));
        clock.advance(wait);
        assert_eq!(attempts.at_name("alice"), Ok(()));
    }

    #[test]
    fn a_network_guesses_only_so_often() {
        let clock = ManualClock::default();
        let attempts = Attempts::new(1, 2, Arc::new(clock.clone()));
        assert_eq!(attempts.by_network("a"), Ok(()));
        assert_eq!(attempts.by_network("a"), Ok(()));
        let wait = wait(attempts.by_network("a"));
        assert_eq!(attempts.by_network("b"), Ok(()));
        clock.advance(wait);
        assert_eq!(attempts.by_network("a"), Ok(()));
    }

    #[test]
    fn a_limit_beyond_reach_is_not_reached() {
        let attempts = Attempts::new(u32::MAX, u32::MAX, Arc::new(ManualClock::default()));
        assert!((0..10_000).all(|_| attempts.at_name("alice").is_ok()));
    }

    #[test]
    fn those_who_stopped_trying_are_forgotten() {
        let clock = ManualClock::default();
        let attempts = Attempts::new(2, 2, Arc::new(clock.clone()));
        attempts.by_network("a").unwrap();
        attempts.at_name("alice").unwrap();
        clock.advance(Duration::from_secs(120));
        attempts.forget_old();
        assert!(attempts.names.is_empty() && attempts.networks.is_empty());
    }
}
