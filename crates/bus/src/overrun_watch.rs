//! Finds handlers that do not return: a plain function cannot be cut, but it must not stay unseen.

use crate::activity::Handling;
use crate::routing::Inbox;
use crate::shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The watch looks this often within one handler limit, and reports a handler that it has seen
/// running at this many looks in a row.
const LOOKS_PER_LIMIT: u32 = 2;
/// An essential subscriber stops the server when one handler call has run for this many limits.
const LIMITS_MAX: u32 = 30;

/// Watches every subscriber of a bus. Counts its own looks instead of reading the clock, so that a
/// process that was frozen or starved does not accuse a handler.
pub(crate) struct OverrunWatch {
    shared: Arc<Shared>,
    /// Cancelled when an essential subscriber stays stuck.
    stop: CancellationToken,
    calls: Vec<WatchedCall>,
}

/// The call that a subscriber was handling at the last look.
#[derive(Default)]
struct WatchedCall {
    /// The handler and the number of its item; `None` if none was running.
    call: Option<(Handling, u64)>,
    /// How many looks in a row have seen it, the first not counted.
    looks: u32,
}

impl OverrunWatch {
    pub(crate) fn new(shared: Arc<Shared>, stop: CancellationToken) -> Self {
        let mut calls = Vec::new();
        calls.resize_with(shared.inboxes().len(), WatchedCall::default);
        Self {
            shared,
            stop,
            calls,
        }
    }

    /// Returns the time between two looks.
    pub(crate) fn pause(shared: &Shared) -> Duration {
        shared.handler_limit() / LOOKS_PER_LIMIT
    }

    /// Looks at every subscriber once.
    pub(crate) fn look(&mut self) {
        for (inbox, watched) in self.shared.inboxes().iter().zip(&mut self.calls) {
            let call = inbox.activity.current();
            let call = call.map(|handling| (handling, inbox.counters.begun()));
            if call.is_none() || call != watched.call {
                *watched = WatchedCall { call, looks: 0 };
                continue;
            }
            watched.looks += 1;
            let name = inbox.handler_name(watched.call.map(|(handling, _)| handling));
            if watched.looks == LOOKS_PER_LIMIT {
                tracing::error!(
                    subscriber = inbox.name,
                    name,
                    limit_ms = self.shared.handler_limit().as_millis(),
                    "a handler has not returned within its limit; its subscriber handles nothing else"
                );
            }
            if inbox.essential && watched.looks == LOOKS_PER_LIMIT * LIMITS_MAX {
                tracing::error!(
                    subscriber = inbox.name,
                    name,
                    "a handler of an essential subscriber is stuck: stopping the server"
                );
                self.stop.cancel();
            }
        }
    }
}

impl Inbox {
    /// Returns the name of what a handler handles, for the log.
    fn handler_name(&self, handling: Option<Handling>) -> &'static str {
        match handling {
            Some(Handling::Event(index)) => self.events[index as usize],
            Some(Handling::Request(index)) => self.requests[index as usize],
            Some(Handling::TurnEnd) => "turn_ended",
            None => "nothing",
        }
    }
}
