//! What one user, one network or one connection may spend: points for everything, and sends on top.

use crate::Limits;
use crate::wire::{Cost, Error};
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

/// By the standard library's clock: governor's default one asks the processor who it is for every
/// limiter that is made, and on a virtual machine each such question goes to the host.
type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// The points and sends of one user, or of a connection or network before it is known whose they
/// are.
pub struct Bucket {
    points: Limiter,
    sends: Limiter,
    /// Pays for everything as well.
    network: Option<Arc<Bucket>>,
}

impl Bucket {
    /// A full one of a user.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            points: limiter(limits.commands_per_s, 4),
            sends: limiter(limits.sends_per_s, 2),
            network: None,
        }
    }

    /// A full one of a network; nobody sends before it is known who it is.
    pub(super) fn of_network(limits: &Limits) -> Self {
        Self {
            points: limiter(limits.network_points_per_s, 4),
            ..Self::new(limits)
        }
    }

    /// A full one of a connection that has not said hello: its network pays as well.
    pub(super) fn before_hello(limits: &Limits, network: Arc<Bucket>) -> Self {
        Self {
            network: Some(network),
            ..Self::new(limits)
        }
    }

    /// Takes what a command costs, or says when there will be enough.
    pub(crate) fn charge(&self, cost: Cost, limits: &Limits) -> Result<(), Error> {
        self.take(cost.points(&limits.points))?;
        if cost == Cost::Send {
            take(&self.sends, 1)?;
        }
        Ok(())
    }

    /// Takes what a frame costs that is no command.
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
        // It costs more than the whole bucket holds: that never fits.
        Err(_) => Err(Error::rate_limited(std::time::Duration::from_secs(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many `hello`s it takes at once.
    fn hellos(bucket: &Bucket, limits: &Limits) -> usize {
        let paid = |_: &u32| bucket.charge(Cost::Hello, limits).is_ok();
        (0..10_000).take_while(paid).count()
    }

    #[test]
    fn connections_of_one_network_share_what_they_may_spend_before_hello() {
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
