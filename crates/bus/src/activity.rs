//! Which handler of a subscriber is running, visible from other threads.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A handler, as an index into the subscriber's wiring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handling {
    Event(u32),
    Request(u32),
    TurnEnd,
    /// The report of missed events.
    Missed,
    /// Loading the state.
    Load,
}

/// The handler that is running now. Written only by the subscriber's own loop.
#[derive(Default)]
pub(crate) struct Activity(AtomicU32);

const NONE: u32 = 0;
const TURN_END: u32 = u32::MAX;
const MISSED: u32 = u32::MAX - 1;
const LOAD: u32 = u32::MAX - 2;

impl Activity {
    /// Notes that a handler runs, until the guard is dropped.
    pub(crate) fn begin(&self, handling: Handling) -> HandlingGuard<'_> {
        let code = match handling {
            Handling::Event(index) => 1 + 2 * index,
            Handling::Request(index) => 2 + 2 * index,
            Handling::TurnEnd => TURN_END,
            Handling::Missed => MISSED,
            Handling::Load => LOAD,
        };
        self.0.store(code, Relaxed);
        HandlingGuard(self)
    }

    /// Returns the handler that is running, if one is.
    pub(crate) fn current(&self) -> Option<Handling> {
        match self.0.load(Relaxed) {
            NONE => None,
            TURN_END => Some(Handling::TurnEnd),
            MISSED => Some(Handling::Missed),
            LOAD => Some(Handling::Load),
            code if code % 2 == 1 => Some(Handling::Event(code / 2)),
            code => Some(Handling::Request(code / 2 - 1)),
        }
    }
}

/// Marks a handler as running.
pub(crate) struct HandlingGuard<'a>(&'a Activity);

impl Drop for HandlingGuard<'_> {
    fn drop(&mut self) {
        self.0.0.store(NONE, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_handler_is_told_apart_from_the_others_while_it_runs() {
        let activity = Activity::default();
        assert_eq!(activity.current(), None);
        for handling in [
            Handling::Event(0),
            Handling::Request(0),
            Handling::Event(7),
            Handling::Request(7),
            Handling::TurnEnd,
            Handling::Missed,
            Handling::Load,
        ] {
            let guard = activity.begin(handling);
            assert_eq!(activity.current(), Some(handling));
            drop(guard);
            assert_eq!(activity.current(), None);
        }
    }
}
