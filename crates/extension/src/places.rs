//! How much of the server one extension may ask for.

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

/// How many requests and facts of an extension may be under way, and how many of its answers.
pub(crate) const PLACES: usize = 16;

/// Requests and facts per second. What they cause runs beside chat, with chat's share of the
/// processor, so that without a bound a loop in an extension would slow down everyone.
const ASKS_PER_S: NonZeroU32 = NonZeroU32::new(200).unwrap();
const FACTS_PER_S: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// The rates of one extension.
#[derive(Clone)]
pub(crate) struct Rates(Arc<Bounds>);

struct Bounds {
    asks: DefaultDirectRateLimiter,
    facts: DefaultDirectRateLimiter,
}

impl Rates {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Bounds {
            asks: RateLimiter::direct(Quota::per_second(ASKS_PER_S)),
            facts: RateLimiter::direct(Quota::per_second(FACTS_PER_S)),
        }))
    }

    /// Waits until something may be asked.
    pub(crate) async fn may_ask(&self) {
        self.0.asks.until_ready().await;
    }

    /// Waits until a fact may be stated.
    pub(crate) async fn may_state(&self) {
        self.0.facts.until_ready().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn a_loop_is_held_to_its_rate() {
        let rates = Rates::new();
        let began = Instant::now();
        for _ in 0..1_300 {
            rates.may_state().await;
        }
        for _ in 0..240 {
            rates.may_ask().await;
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(450), "{took:?}");
    }
}
