//! What a hot loop is to do, and the signals by which it is told when.

use crate::stamp::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What frees the place of an outstanding message, and what latency is measured to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Its delivery to the publisher itself; latency is to every receiver.
    Delivery,
    /// Its acknowledgement.
    Ack,
}

/// How messages are paced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Every publisher keeps so many outstanding.
    Closed { outstanding: u64 },
    /// So many messages per second in all, one publisher after the other.
    Open { per_s: f64 },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) pace: Pace,
    pub(crate) goal: Goal,
    /// Stop sending after so many messages.
    pub(crate) sends_max: u64,
    /// Besides messages: typing, reactions and history. Parlor alone.
    pub(crate) mixed: bool,
    pub(crate) clock: Clock,
    /// What makes messages' own ids unique: the time of day, in milliseconds.
    pub(crate) nonce: u64,
}

impl Plan {
    pub(crate) fn new(pace: Pace, goal: Goal) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            pace,
            goal,
            sends_max: u64::MAX,
            mixed: false,
            clock: Clock::start(),
            nonce: u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default(),
        }
    }
}

/// How long each part lasts.
#[derive(Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) warm: Duration,
    pub(crate) measured: Duration,
}

impl Spell {
    /// So many seconds measured after a quarter of it, one second at least, of warming up.
    pub(crate) fn seconds(seconds: u64) -> Self {
        let measured = Duration::from_secs(seconds);
        Self {
            warm: (measured / 4).max(Duration::from_secs(1)),
            measured,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Phase {
    Warming,
    Measuring,
    /// Nothing is sent any more; what is under way is awaited.
    Ending,
}

/// Tells all loops the phase.
#[derive(Clone)]
pub(crate) struct Baton(Arc<AtomicU8>);

impl Baton {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(0)))
    }

    pub(crate) fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Warming,
            1 => Phase::Measuring,
            _ => Phase::Ending,
        }
    }
}
