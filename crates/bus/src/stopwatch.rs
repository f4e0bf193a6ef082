//! Measures how long handlers take, without reading the clock after each short one.

use crate::metrics::Counters;
use tokio::time::Instant;

/// Reading the clock costs as much as delivering an event.
const CALLS_PER_SAMPLE: u8 = 64;

/// Times the handler calls of a turn.
pub(crate) struct Stopwatch {
    last_sample: Instant,
    calls: u8,
}

impl Stopwatch {
    pub(crate) fn new() -> Self {
        Self {
            last_sample: Instant::now(),
            calls: 0,
        }
    }

    /// Starts timing the next handler call.
    pub(crate) fn start(&mut self) {
        self.last_sample = Instant::now();
        self.calls = 0;
    }

    /// Notes that a handler has ended. Up to 64 in a row that never waited are timed as one: they
    /// are negligible next to a slow one.
    pub(crate) fn lap(&mut self, counters: &Counters) {
        counters.count_handled();
        self.calls += 1;
        if self.calls >= CALLS_PER_SAMPLE || counters.take_waited() {
            self.sample(counters);
        }
    }

    /// Records the time since the last sample as one call.
    pub(crate) fn sample(&mut self, counters: &Counters) {
        let now = Instant::now();
        counters.note_duration(now - self.last_sample);
        self.last_sample = now;
        self.calls = 0;
    }
}
