//! A token bucket of one user, network or connection: points for every command, and sends on top.

use super::Cost;
use crate::Limits;
use crate::wire::Error;
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

/// Uses the standard library's clock: governor's default one runs CPUID for every new limiter, which on
/// a virtual machine traps to the host.
type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// The points and sends of a user, or of a network or connection before `hello`.
pub struct Bucket {
    points: Limiter,
    sends: Limiter,
    /// Charged for the same points as well.
    network: Option<Arc<Bucket>>,
}

impl Bucket {
    /// Returns a full bucket for a user.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            points: limiter(limits.commands_per_s, 4),
            sends: limiter(limits.sends_per_s, 2),
            network: None,
        }
    }

    /// Returns a full bucket for a network. Nobody sends before `hello`, so its sends are never used.
    pub(super) fn of_network(limits: &Limits) -> Self {
        Self {
            points: limiter(limits.network_points_per_s, 4),
            ..Self::new(limits)
        }
    }

    /// Returns a full bucket for a connection before `hello`; its network is charged as well.
    pub(super) fn before_hello(limits: &Limits, network: Arc<Bucket>) -> Self {
        Self {
            network: Some(network),
            ..Self::new(limits)
        }
    }

    /// Charges the cost of a command.
    ///
    /// # Errors
    /// `rate_limited` with the time until there will be enough.
    pub(crate) fn charge(&self, cost: Cost, limits: &Limits) -> Result<(), Error> {
        self.take(cost.points(&limits.points))?;
        if cost == Cost::Send {
            take(&self.sends, 1)?;
        }
        Ok(())
    }

    /// Charges the cost of a frame that is no command.
    pub(crate) fn charge_malformed(&self, limits: &Limits) -> Result<(), Error> {
        self.take(limits.points.bad)
    }

    fn take(&self, points: u32) -> Result<(), Error> {
        take(&self.points, points)?;
        match &self.network {
            Some(network) => take(&network.points, points),
            None => Ok(()),
        }
    }
}

fn limiter(per_s: u32, at_once: u32) -> Limiter {
    let positive = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_second(positive(per_s));
    let quota = quota.allow_burst(positive(per_s.saturating_mul(at_once)));
    RateLimiter::direct_with_clock(quota, MonotonicClock)
}

fn take(limiter: &Limiter, points: u32) -> Result<(), Error> {
    let Some(points) = NonZeroU32::new(points) else {
        return Ok(());
    };
    match limiter.check_n(points) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_yet)) => {
            let wait = not_yet.wait_time_from(MonotonicClock.now());
            Err(Error::rate_limited(wait))
        }
        // More than the whole bucket holds: never enough.
        Err(_) => Err(Error::rate_limited(std::time::Duration::from_secs(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many `hello`s the bucket pays for at once.
    fn hellos(bucket: &Bucket, limits: &Limits) -> usize {
        let paid = |_: &u32| bucket.charge(Cost::Hello, limits).is_ok();
        (0..10_000).take_while(paid).count()
    }

    #[test]
    fn connections_of_one_network_share_its_bucket_before_hello() {
        let limits = Limits {
            commands_per_s: 10,
            network_points_per_s: 15,
            ..Limits::default()
        };
        let network = Arc::new(Bucket::of_network(&limits));
        let first = Bucket::before_hello(&limits, Arc::clone(&network));
        let second = Bucket::before_hello(&limits, network);
        assert_eq!(
            hellos(&first, &limits),
            4,
            "four times its points per second"
        );
        assert_eq!(hellos(&second, &limits), 2, "what is left of the network's");
    }
}
