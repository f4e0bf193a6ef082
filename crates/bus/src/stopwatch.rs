//! How long handlers take, without a look at the clock for each of the instant ones.

use crate::figures::Counters;
use tokio::time::Instant;

/// Looking at the clock costs as much as handing over an event.
const INSTANT_CALLS_PER_LOOK: u8 = 8;

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

    /// A turn begins.
    pub(crate) fn start(&mut self) {
        self.last_look = Instant::now();
        self.unseen = 0;
    }

    /// A handler has ended that never waited.
    pub(crate) fn instant_call(&mut self, counters: &Counters) {
        self.unseen += 1;
        if self.unseen == INSTANT_CALLS_PER_LOOK {
            self.look(counters);
        }
    }

    /// A handler has ended that waited.
    pub(crate) fn call(&mut self, counters: &Counters) {
        self.unseen += 1;
        self.look(counters);
    }

    /// Counts the calls since the last look as one: next to a slow one the instant ones are
    /// nothing.
    fn look(&mut self, counters: &Counters) {
        let now = Instant::now();
        counters.ended(u64::from(self.unseen), now - self.last_look);
        self.last_look = now;
        self.unseen = 0;
    }
}
