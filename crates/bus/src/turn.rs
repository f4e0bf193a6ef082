//! What a subscriber has in its turn: the turn it took, the context of its handlers, and what
//! becomes of a handler's end.

use crate::call::AnyCall;
use crate::context::Cause;
use crate::envelope::Payload;
use crate::guard::Ended;
use crate::hub::Hub;
use crate::item::Item;
use crate::routing::Inbox;
use crate::stopwatch::Stopwatch;
use crate::{AskError, Context};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Span;

/// The state can no longer be trusted: it is to be loaded anew.
pub(crate) struct Crashed;

pub(crate) struct Turn {
    hub: Arc<Hub>,
    index: usize,
    inbox: Arc<Inbox>,
    watch: Stopwatch,
    /// True while someone wants to see each handler call.
    is_looked_at: bool,
    /// Taken and not yet handled.
    turn: VecDeque<Item>,
    pub(crate) ctx: Context,
}

impl Turn {
    pub(crate) fn new(hub: Arc<Hub>, index: usize) -> Self {
        let inbox = Arc::clone(hub.inbox(index));
        let (watch, turn) = (Stopwatch::new(), VecDeque::new());
        let ctx = Context::new(hub.start());
        Self {
            hub,
            index,
            inbox,
            watch,
            is_looked_at: false,
            turn,
            ctx,
        }
    }

    /// Waits for the next turn; returns how many events were missed before it, or `None` when the
    /// bus has closed.
    pub(crate) async fn take_turn(&mut self, turn_max: usize) -> Option<u64> {
        self.inbox.counters.rests();
        let missed = self.hub.take(self.index, turn_max, &mut self.turn).await;
        self.watch.start();
        self.is_looked_at = tracing::span_enabled!(tracing::Level::DEBUG);
        missed
    }

    /// The item to be handled next. Requests that need not be handled any more are passed over.
    pub(crate) fn front(&mut self) -> Option<&Item> {
        while let Some(Item::Request { call, .. }) = self.turn.front() {
            if !call.lapsed(Instant::now()) {
                break;
            }
            if let Some(Item::Request { call, .. }) = self.turn.pop_front() {
                call.fail(AskError::Overloaded);
            }
        }
        self.turn.front()
    }

    /// Begins with the next item if it is an event for this handler.
    pub(crate) fn next_event(&mut self, handler: u32) -> Option<Payload> {
        let front = self.turn.front();
        if !matches!(front, Some(Item::Event { handler: wanted, .. }) if *wanted == handler) {
            return None;
        }
        let Some(Item::Event { envelope, .. }) = self.turn.pop_front() else {
            return None;
        };
        self.inbox.counters.begins(envelope.at, self.turn.len());
        let payload = Arc::clone(&envelope.payload);
        self.ctx.begin(Cause::Event(envelope));
        Some(payload)
    }

    /// Begins with the next item if it is a request.
    pub(crate) fn next_request(&mut self) -> Option<Box<dyn AnyCall>> {
        if !matches!(self.turn.front(), Some(Item::Request { .. })) {
            return None;
        }
        let Some(Item::Request { call, .. }) = self.turn.pop_front() else {
            return None;
        };
        self.inbox.counters.begins(call.at(), self.turn.len());
        self.ctx
            .begin(Cause::other(call.name(), call.origin().clone()));
        Some(call)
    }

    /// A handler has ended well: publishes what it emitted. False when that has to wait for a
    /// credit, which is no handler's business.
    pub(crate) fn ended_well(&mut self) -> bool {
        self.watch.call(&self.inbox.counters);
        self.publish_inside()
    }

    /// The end of a turn has been handled, or of what was missed: no item, but it takes time.
    pub(crate) fn looks_at_the_clock(&mut self) {
        self.watch.look(&self.inbox.counters);
    }

    /// What is left to do when handlers have ended: publish for one that ended well, and say so
    /// once when one did not.
    pub(crate) async fn conclude(&mut self, subscriber: &str, ended: Ended) -> Result<(), Crashed> {
        let error = match &ended {
            Ended::Well => {
                self.publish().await;
                return Ok(());
            }
            Ended::Failed(error) => format!("{error:#}"),
            Ended::Panicked(panic) => panic.clone(),
            Ended::Overran(limit) => format!("overran its {limit:?}"),
        };
        self.watch.call(&self.inbox.counters);
        self.inbox.counters.failed();
        self.ctx.take_emitted();
        let (name, number) = self.ctx.what();
        let (cause, trace) = (self.ctx.origin().cause(), self.ctx.origin().trace());
        tracing::error!(subscriber, name, number, cause, %trace, error, "a handler failed");
        if matches!(ended, Ended::Failed(_)) {
            Ok(())
        } else {
            Err(Crashed)
        }
    }

    /// A span per handler call is costly: only where someone looks.
    pub(crate) fn span(&self, subscriber: &str) -> Option<Span> {
        if !self.is_looked_at {
            return None;
        }
        let (name, number) = self.ctx.what();
        let origin = self.ctx.origin();
        let (parent, trace) = (origin.span(), origin.trace());
        Some(tracing::debug_span!(parent: parent, "handle", subscriber, name, number, %trace))
    }

    async fn publish(&mut self) {
        if !self.publish_inside() {
            // It stands outside: what it states enters like anything else from there.
            let credits = self.hub.enter().await;
            let emitted = self.ctx.take_emitted();
            self.hub
                .publish_all(&self.ctx.origin().on_credits(credits), emitted);
            self.watch.start();
        }
    }

    /// False when there is something to publish and no credit to ride on.
    fn publish_inside(&mut self) -> bool {
        if !self.ctx.has_emitted() {
            return true;
        }
        if !self.inbox.essential {
            return false;
        }
        let emitted = self.ctx.take_emitted();
        self.hub.publish_all(self.ctx.origin(), emitted);
        true
    }

    /// Whoever asked is told to come again; events keep waiting.
    pub(crate) fn refuse_requests(&mut self, retry_after: Duration) {
        self.hub.refuse_requests(self.index, retry_after);
        for item in std::mem::take(&mut self.turn) {
            match item {
                Item::Request { call, .. } => call.fail(AskError::Unavailable { retry_after }),
                event @ Item::Event { .. } => self.turn.push_back(event),
            }
        }
    }

    /// What was handled so far is forgotten, its credits go home.
    pub(crate) fn let_go(&mut self) {
        self.ctx.clear();
        self.watch.start();
    }
}
