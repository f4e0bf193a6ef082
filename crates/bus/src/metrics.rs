//! What the operator sees of the bus, and the counters behind it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// The whole bus at one moment.
#[derive(Debug, Clone)]
pub struct BusMetrics {
    /// Number of the last event published.
    pub published: u64,
    /// Credits that are home.
    pub credits_free: usize,
    /// All credits.
    pub credits: usize,
    /// One line per subscriber.
    pub subscribers: Vec<SubscriberMetrics>,
}

/// One subscriber at one moment.
#[derive(Debug, Clone)]
pub struct SubscriberMetrics {
    /// Its name.
    pub name: &'static str,
    /// True when it holds credits.
    pub essential: bool,
    /// Events and requests that wait for it.
    pub depth: usize,
    /// Age of the oldest of those, the one being handled included.
    pub oldest: Duration,
    /// Handled since the start.
    pub handled: u64,
    /// Handlers that failed, panicked or overran.
    pub failed: u64,
    /// The slowest handler call so far; up to 64 calls in a row that never waited count as one.
    pub slowest: Duration,
    /// Events that fell out of its ring.
    pub missed: u64,
}

/// A moment as nanoseconds since the start of the bus: it fits into an atomic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn since(start: Instant) -> Self {
        Self(nanos(start.elapsed()))
    }

    pub(crate) fn instant(self, start: Instant) -> Instant {
        start + Duration::from_nanos(self.0)
    }

    fn age(self, now: Moment) -> Duration {
        Duration::from_nanos(now.0.saturating_sub(self.0))
    }
}

/// One subscriber's counters, written by its own loop only.
#[derive(Default)]
pub(crate) struct Counters {
    /// When the thing in its turn was published, plus one; 0 when its turn are empty.
    in_hand: AtomicU64,
    /// In its turn behind that one.
    behind: AtomicUsize,
    begun: AtomicU64,
    waited: AtomicBool,
    handled: AtomicU64,
    failed: AtomicU64,
    slowest_nanos: AtomicU64,
}

impl Counters {
    /// It begins with something published at `at`; `behind` more are in its turn.
    pub(crate) fn begins(&self, at: Moment, behind: usize) {
        self.in_hand.store(at.0 + 1, Relaxed);
        self.behind.store(behind, Relaxed);
        add_one(&self.begun);
    }

    /// The handler under way is waiting for something; returns which one that is.
    pub(crate) fn waits(&self) -> u64 {
        self.waited.store(true, Relaxed);
        self.begun.load(Relaxed)
    }

    /// True once after a handler waited.
    pub(crate) fn waited(&self) -> bool {
        let waited = self.waited.load(Relaxed);
        if waited {
            self.waited.store(false, Relaxed);
        }
        waited
    }

    /// A handler call has ended.
    pub(crate) fn ended(&self) {
        add_one(&self.handled);
    }

    /// One, or some instant ones, took that long.
    pub(crate) fn took(&self, time: Duration) {
        if nanos(time) > self.slowest_nanos.load(Relaxed) {
            self.slowest_nanos.store(nanos(time), Relaxed);
        }
    }

    /// A handler failed, panicked or overran.
    pub(crate) fn failed(&self) {
        add_one(&self.failed);
    }

    /// Its turn are empty.
    pub(crate) fn rests(&self) {
        self.in_hand.store(0, Relaxed);
        self.behind.store(0, Relaxed);
    }

    /// The line for the operator; `queue` is what still stands in the queue.
    pub(crate) fn line(
        &self,
        name: &'static str,
        essential: bool,
        queue: &QueueMetrics,
        now: Moment,
    ) -> SubscriberMetrics {
        let in_hand = self.in_hand.load(Relaxed).checked_sub(1).map(Moment);
        SubscriberMetrics {
            name,
            essential,
            depth: queue.depth + self.behind.load(Relaxed),
            oldest: in_hand
                .or(queue.front)
                .map_or(Duration::ZERO, |at| at.age(now)),
            handled: self.handled.load(Relaxed),
            failed: self.failed.load(Relaxed),
            slowest: Duration::from_nanos(self.slowest_nanos.load(Relaxed)),
            missed: queue.missed,
        }
    }
}

/// What the queue itself knows.
pub(crate) struct QueueMetrics {
    pub(crate) depth: usize,
    pub(crate) front: Option<Moment>,
    pub(crate) missed: u64,
}

/// There is one writer: no need for a locked instruction.
fn add_one(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
