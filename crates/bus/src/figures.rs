//! What the operator sees of the bus, and the counters behind it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// The whole bus at one moment.
#[derive(Debug, Clone)]
pub struct BusFigures {
    /// Number of the last event published.
    pub published: u64,
    /// Credits that are home.
    pub credits_free: usize,
    /// All credits.
    pub credits: usize,
    /// One line per subscriber.
    pub subscribers: Vec<SubscriberFigures>,
}

/// One subscriber at one moment.
#[derive(Debug, Clone)]
pub struct SubscriberFigures {
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
    /// The slowest handler call so far.
    pub slowest: Duration,
    /// Events that fell out of its ring.
    pub missed: u64,
}

/// One subscriber's counters, written by its own loop only.
pub(crate) struct Counters {
    since: Instant,
    /// When the thing in its hands was published, in microseconds since `since`, plus one;
    /// 0 when its hands are empty.
    in_hand: AtomicU64,
    taken: AtomicUsize,
    handled: AtomicU64,
    failed: AtomicU64,
    slowest_micros: AtomicU64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            in_hand: AtomicU64::new(0),
            taken: AtomicUsize::new(0),
            handled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            slowest_micros: AtomicU64::new(0),
        }
    }

    /// It begins with something published at `at`; `waiting` more are in its hands.
    pub(crate) fn begins(&self, at: Instant, waiting: usize) {
        self.in_hand.store(micros(at - self.since) + 1, Relaxed);
        self.taken.store(waiting, Relaxed);
    }

    /// That many handler calls have ended, all in all after `took`.
    pub(crate) fn ended(&self, calls: u64, took: Duration) {
        self.handled
            .store(self.handled.load(Relaxed) + calls, Relaxed);
        if micros(took) > self.slowest_micros.load(Relaxed) {
            self.slowest_micros.store(micros(took), Relaxed);
        }
    }

    /// A handler failed, panicked or overran.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// Its hands are empty.
    pub(crate) fn rests(&self) {
        self.in_hand.store(0, Relaxed);
        self.taken.store(0, Relaxed);
    }

    /// The line for the operator; `queued` and `front` are what still stands in the queue.
    pub(crate) fn line(
        &self,
        name: &'static str,
        essential: bool,
        queue: &QueueFigures,
    ) -> SubscriberFigures {
        let now = Instant::now();
        let in_hand = self.in_hand.load(Relaxed).checked_sub(1);
        let in_hand = in_hand.map(|published| self.since + Duration::from_micros(published));
        let oldest = in_hand
            .or(queue.front)
            .map_or(Duration::ZERO, |at| now - at);
        SubscriberFigures {
            name,
            essential,
            depth: queue.depth + self.taken.load(Relaxed),
            oldest,
            handled: self.handled.load(Relaxed),
            failed: self.failed.load(Relaxed),
            slowest: Duration::from_micros(self.slowest_micros.load(Relaxed)),
            missed: queue.missed,
        }
    }
}

/// What the queue itself knows.
pub(crate) struct QueueFigures {
    pub(crate) depth: usize,
    pub(crate) front: Option<Instant>,
    pub(crate) missed: u64,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
