//! Finds handlers that do not return: a plain function cannot be cut, but it must not stay unseen.
//!
//! The watch has a thread of its own, since a handler that does not return keeps a thread of the
//! runtime, which may be the only one.

use crate::activity::Handling;
use crate::routing::Inbox;
use crate::shared::Shared;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
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

    /// Watches on a thread of its own until the handle is dropped.
    pub(crate) fn start(mut self) -> OverrunWatching {
        let (alive, ended) = channel();
        let pause = self.shared.handler_limit() / LOOKS_PER_LIMIT;
        let watch = move || {
            while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                self.look();
            }
        };
        let thread = thread::Builder::new().name("overruns".to_owned());
        if let Err(error) = thread.spawn(watch) {
            tracing::warn!(%error, "cannot watch for handlers that do not return");
        }
        OverrunWatching { _alive: alive }
    }

    /// Looks at every subscriber once.
    fn look(&mut self) {
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

/// Ends the watch when dropped.
pub(crate) struct OverrunWatching {
    _alive: Sender<Infallible>,
}

impl Inbox {
    /// Returns the name of what a handler handles, for the log.
    fn handler_name(&self, handling: Option<Handling>) -> &'static str {
        match handling {
            Some(Handling::Event(index)) => self.events[index as usize],
            Some(Handling::Request(index)) => self.requests[index as usize],
            Some(Handling::TurnEnd) => "turn_ended",
            Some(Handling::Missed) => "missed",
            Some(Handling::Load) => "load",
            None => "nothing",
        }
    }
}
