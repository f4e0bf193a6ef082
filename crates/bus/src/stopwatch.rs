//! How long handlers take, without a look at the clock for each of the instant ones.

use crate::metrics::Counters;
use tokio::time::Instant;

/// Looking at the clock costs as much as handing over an event.
const CALLS_PER_LOOK: u8 = 64;

/// Runs while a turn is being handled.
pub(crate) struct Stopwatch {
    last_look: Instant,
    unseen: u8,
}

impl Stopwatch {
    pub(crate) fn new() -> Self {
        Self {
            last_look: Instant::now(),
            unseen: 0,
        }
    }

    /// Handlers begin.
    pub(crate) fn start(&mut self) {
        self.last_look = Instant::now();
        self.unseen = 0;
    }

    /// A handler has ended. Up to 64 that never waited are counted as one: next to a slow one
    /// the instant ones are nothing.
    pub(crate) fn call(&mut self, counters: &Counters) {
        counters.ended();
        self.unseen += 1;
        if self.unseen >= CALLS_PER_LOOK || counters.waited() {
            self.look(counters);
        }
    }

    /// Counts all since the last look as one call.
    pub(crate) fn look(&mut self, counters: &Counters) {
        let now = Instant::now();
        counters.took(now - self.last_look);
        self.last_look = now;
        self.unseen = 0;
    }
}
