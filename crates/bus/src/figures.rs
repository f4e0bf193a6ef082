//! What the operator sees of the bus.

use std::time::Duration;

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
