//! The metrics of the bus, and the counters behind them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// A snapshot of the whole bus.
#[derive(Debug, Clone)]
pub struct BusMetrics {
    /// Events published since the start.
    pub published: u64,
    /// Credits that are free.
    pub credits_free: usize,
    /// Size of the credit pool ([`Settings::credits`](crate::Settings::credits)).
    pub credits: usize,
    /// One entry per subscriber, in the order they were added.
    pub subscribers: Vec<SubscriberMetrics>,
}

/// A snapshot of one subscriber.
#[derive(Debug, Clone)]
pub struct SubscriberMetrics {
    /// The subscriber's [`NAME`](crate::Subscriber::NAME).
    pub name: &'static str,
    /// True for essential subscribers, whose items hold credits.
    pub essential: bool,
    /// Events and requests waiting for it.
    pub depth: usize,
    /// Age of the oldest of those, including the one being handled.
    pub oldest: Duration,
    /// Handler calls since the start.
    pub handled: u64,
    /// Handler calls that failed, panicked or timed out.
    pub failed: u64,
    /// The slowest handler call so far; up to 64 calls in a row that never waited count as one.
    pub slowest: Duration,
    /// Events evicted from its ring.
    pub missed: u64,
}

/// A point in time, as nanoseconds since the start of the bus, so that it fits into an atomic.
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

/// One subscriber's counters, written only by its own loop.
#[derive(Default)]
pub(crate) struct Counters {
    /// When the item being handled was published, plus one; 0 when idle.
    in_progress: AtomicU64,
    /// Items left in the current turn behind that one.
    behind: AtomicUsize,
    begun: AtomicU64,
    /// True once a handler has waited since [`Self::take_waited`].
    waited: AtomicBool,
    handled: AtomicU64,
    failed: AtomicU64,
    slowest_nanos: AtomicU64,
}

impl Counters {
    /// Notes that the subscriber starts on an item published at `at`; `behind` more are in the
    /// turn.
    pub(crate) fn begin(&self, at: Moment, behind: usize) {
        self.in_progress.store(at.0 + 1, Relaxed);
        self.behind.store(behind, Relaxed);
        add_one(&self.begun);
    }

    /// Notes that the current handler waits for something; returns the handler's number.
    pub(crate) fn note_waiting(&self) -> u64 {
        self.waited.store(true, Relaxed);
        self.begun()
    }

    /// Notes a call that handles no item.
    pub(crate) fn begin_other(&self) {
        add_one(&self.begun);
    }

    /// Returns whether a handler has waited since the last call.
    pub(crate) fn take_waited(&self) -> bool {
        let waited = self.waited.load(Relaxed);
        if waited {
            self.waited.store(false, Relaxed);
        }
        waited
    }

    /// Returns how many calls have been begun, and so the number of the current one.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Relaxed)
    }

    /// Counts a handler call.
    pub(crate) fn count_handled(&self) {
        add_one(&self.handled);
    }

    /// Notes the duration of one handler call, or of several short ones.
    pub(crate) fn note_duration(&self, time: Duration) {
        if nanos(time) > self.slowest_nanos.load(Relaxed) {
            self.slowest_nanos.store(nanos(time), Relaxed);
        }
    }

    /// Counts a handler call that failed, panicked or timed out.
    pub(crate) fn count_failed(&self) {
        add_one(&self.failed);
    }

    /// Notes that the subscriber is idle.
    pub(crate) fn idle(&self) {
        self.in_progress.store(0, Relaxed);
        self.behind.store(0, Relaxed);
    }

    /// Combines the counters with those of the queue.
    pub(crate) fn metrics(
        &self,
        name: &'static str,
        essential: bool,
        queue: &QueueMetrics,
        now: Moment,
    ) -> SubscriberMetrics {
        let in_progress = self.in_progress.load(Relaxed).checked_sub(1).map(Moment);
        SubscriberMetrics {
            name,
            essential,
            depth: queue.depth + self.behind.load(Relaxed),
            oldest: in_progress
                .or(queue.front)
                .map_or(Duration::ZERO, |at| at.age(now)),
            handled: self.handled.load(Relaxed),
            failed: self.failed.load(Relaxed),
            slowest: Duration::from_nanos(self.slowest_nanos.load(Relaxed)),
            missed: queue.missed,
        }
    }
}

/// The part of the metrics that the log knows.
pub(crate) struct QueueMetrics {
    pub(crate) depth: usize,
    pub(crate) front: Option<Moment>,
    pub(crate) missed: u64,
}

/// Adds one without a locked instruction: there is only one writer.
fn add_one(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
