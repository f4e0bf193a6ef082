//! What an event loop sends and how fast, and the signal that switches its phases.

use crate::stamp::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The event that completes a message: it frees its place among the outstanding ones and ends its
/// latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// Its delivery to the publisher itself; latency is measured to every receiver.
    Delivery,
    /// The acknowledgement of its send.
    Ack,
}

/// Closed or open loop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Every publisher keeps this many messages outstanding.
    Closed { outstanding: u64 },
    /// This many messages per second in all, publishers taking turns.
    Open { per_s: f64 },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) pace: Pace,
    pub(crate) completion: Completion,
    /// Stop sending after this many messages.
    pub(crate) sends_max: u64,
    /// Also send typing, reactions and history requests; Parlor only.
    pub(crate) mixed: bool,
    pub(crate) clock: Clock,
    /// Makes client message ids unique across runs: Unix time in milliseconds.
    pub(crate) nonce: u64,
}

impl Plan {
    pub(crate) fn new(pace: Pace, completion: Completion) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            pace,
            completion,
            sends_max: u64::MAX,
            mixed: false,
            clock: Clock::start(),
            nonce: u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default(),
        }
    }
}

/// How long each phase lasts.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Timing {
    /// Measures for this long after a warm-up of a quarter of it, at least one second.
    pub(crate) fn seconds(seconds: u64) -> Self {
        let measured = Duration::from_secs(seconds);
        Self {
            warm_up: (measured / 4).max(Duration::from_secs(1)),
            measured,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) enum Phase {
    Warming,
    Measuring,
    /// Nothing is sent any more; the loop waits for messages under way.
    Ending,
}

/// The current phase, shared by all loops.
#[derive(Clone)]
pub(crate) struct PhaseSignal(Arc<AtomicU8>);

impl PhaseSignal {
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
