//! What a connection may spend: points for every frame, and sends on top.

use crate::Limits;
use crate::wire::{Cost, Error};
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Instant;

/// By the standard library's clock: governor's default one asks the processor who it is for every
/// limiter that is made, and on a virtual machine each such question goes to the host.
type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// The points and sends of one connection, or of one HTTP caller.
pub struct Bucket {
    points: Limiter,
    sends: Limiter,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            points: limiter(limits.commands_per_s, 4),
            sends: limiter(limits.sends_per_s, 2),
        }
    }

    /// Takes what a command costs, or says when there will be enough.
    pub(crate) fn pay(&self, cost: Cost, limits: &Limits) -> Result<(), Error> {
        take(&self.points, cost.points(&limits.points))?;
        if cost == Cost::Send {
            take(&self.sends, 1)?;
        }
        Ok(())
    }

    /// Takes what a frame costs that is no command.
    pub(crate) fn pay_bad(&self, limits: &Limits) -> Result<(), Error> {
        take(&self.points, limits.points.bad)
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
