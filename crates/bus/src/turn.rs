//! A subscriber's current turn: its items, the context of its handlers, and what happens when a
//! handler ends.

use crate::call::AnyCall;
use crate::context::Cause;
use crate::entrance::Entrance;
use crate::envelope::Payload;
use crate::guard::Outcome;
use crate::item::Item;
use crate::routing::Inbox;
use crate::shared::Shared;
use crate::stopwatch::Stopwatch;
use crate::{AskError, Context};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Span;

/// A handler panicked or timed out: the state may be inconsistent and must be reloaded.
pub(crate) struct Crashed;

/// A subscriber's current turn; reused for the next one.
pub(crate) struct Turn {
    shared: Arc<Shared>,
    /// Where the events of an isolated subscriber enter.
    entrance: Entrance,
    index: usize,
    inbox: Arc<Inbox>,
    watch: Stopwatch,
    /// Whether each handler call gets a span.
    traced: bool,
    /// Items not yet handled.
    items: VecDeque<Item>,
    pub(crate) ctx: Context,
}

impl Turn {
    pub(crate) fn new(shared: Arc<Shared>, entrance: Entrance, index: usize) -> Self {
        let inbox = Arc::clone(shared.inbox(index));
        let ctx = Context::new(shared.start());
        Self {
            shared,
            entrance,
            index,
            inbox,
            watch: Stopwatch::new(),
            traced: false,
            items: VecDeque::new(),
            ctx,
        }
    }

    /// Waits for the next items; returns how many events were missed before them, or `None` when
    /// the bus has closed.
    pub(crate) async fn take(&mut self, turn_max: usize) -> Option<u64> {
        self.inbox.counters.idle();
        let missed = self
            .shared
            .take(self.index, turn_max, &mut self.items)
            .await;
        self.watch.start();
        self.traced = tracing::span_enabled!(tracing::Level::DEBUG);
        missed
    }

    /// Returns the next item. Drops requests that need not be handled any more.
    pub(crate) fn front(&mut self) -> Option<&Item> {
        while let Some(Item::Request { call, .. }) = self.items.front() {
            if !call.is_expired(Instant::now()) {
                break;
            }
            if let Some(Item::Request { call, .. }) = self.items.pop_front() {
                call.fail(AskError::Overloaded);
            }
        }
        self.items.front()
    }

    /// Takes the next item if it is an event for this handler, and makes it the current cause.
    pub(crate) fn next_event(&mut self, handler: u32) -> Option<Payload> {
        let front = self.items.front();
        if !matches!(front, Some(Item::Event { handler: wanted, .. }) if *wanted == handler) {
            return None;
        }
        let Some(Item::Event { envelope, .. }) = self.items.pop_front() else {
            return None;
        };
        self.inbox.counters.begin(envelope.at, self.items.len());
        let payload = Arc::clone(&envelope.payload);
        self.ctx.begin(Cause::Event(envelope));
        Some(payload)
    }

    /// Takes the next item if it is a request, and makes it the current cause.
    pub(crate) fn next_request(&mut self) -> Option<Box<dyn AnyCall>> {
        if !matches!(self.items.front(), Some(Item::Request { .. })) {
            return None;
        }
        let Some(Item::Request { call, .. }) = self.items.pop_front() else {
            return None;
        };
        self.inbox.counters.begin(call.at(), self.items.len());
        self.ctx
            .begin(Cause::other(call.name(), call.origin().clone()));
        Some(call)
    }

    /// Publishes what a successful handler emitted. Returns false if that has to wait for a credit,
    /// which must happen outside the handler's time limit.
    pub(crate) fn finish_call(&mut self) -> bool {
        self.watch.lap(&self.inbox.counters);
        self.try_publish()
    }

    /// Times a call of `turn_ended` or `missed`, which is not counted as handled.
    pub(crate) fn sample_clock(&mut self) {
        self.watch.sample(&self.inbox.counters);
    }

    /// Publishes what a successful handler emitted, or logs the failure of an unsuccessful one.
    pub(crate) async fn conclude(
        &mut self,
        subscriber: &str,
        outcome: Outcome,
    ) -> Result<(), Crashed> {
        let error = match &outcome {
            Outcome::Completed => {
                self.publish().await;
                return Ok(());
            }
            Outcome::Failed(error) => format!("{error:#}"),
            Outcome::Panicked(panic) => panic.clone(),
            Outcome::TimedOut(limit) => format!("timed out after {limit:?}"),
        };
        self.watch.lap(&self.inbox.counters);
        self.inbox.counters.count_failed();
        self.ctx.take_emitted();
        let (name, number) = self.ctx.what();
        let (cause, trace) = (self.ctx.origin().cause(), self.ctx.origin().trace());
        tracing::error!(subscriber, name, number, cause, %trace, error, "a handler failed");
        if matches!(outcome, Outcome::Failed(_)) {
            Ok(())
        } else {
            Err(Crashed)
        }
    }

    /// Returns a span for a handler call if spans are enabled: they are costly.
    pub(crate) fn span(&self, subscriber: &str) -> Option<Span> {
        if !self.traced {
            return None;
        }
        let (name, number) = self.ctx.what();
        let origin = self.ctx.origin();
        let (parent, trace) = (origin.span(), origin.trace());
        Some(tracing::debug_span!(parent: parent, "handle", subscriber, name, number, %trace))
    }

    async fn publish(&mut self) {
        if !self.try_publish() {
            // An isolated subscriber is outside: its events take a credit like any others from
            // there.
            let credits = self.entrance.enter().await;
            if self.entrance.is_closed() {
                self.ctx.take_emitted();
                self.watch.start();
                return;
            }
            let origin = self.ctx.origin().on_credits(credits);
            for (nth, event) in self.ctx.take_emitted().into_iter().enumerate() {
                if !self.entrance.may_emit(event.name) {
                    let subscriber = self.inbox.name;
                    tracing::error!(
                        subscriber,
                        event = event.name,
                        "dropped an event: only whom it belongs to may state it"
                    );
                    continue;
                }
                if nth > 0 {
                    self.entrance.pace().await;
                }
                self.shared.publish(&origin, event);
            }
            self.watch.start();
        }
    }

    /// Returns false if there is something to publish and no credit for it.
    fn try_publish(&mut self) -> bool {
        if !self.ctx.has_emitted() {
            return true;
        }
        if !self.inbox.essential {
            return false;
        }
        let emitted = self.ctx.take_emitted();
        self.shared.publish_all(self.ctx.origin(), emitted);
        true
    }

    /// Fails the requests of this turn and new ones with `retry_after`; events keep waiting.
    pub(crate) fn refuse_requests(&mut self, retry_after: Duration) {
        self.shared.refuse_requests(self.index, retry_after);
        for item in std::mem::take(&mut self.items) {
            match item {
                Item::Request { call, .. } => call.fail(AskError::Unavailable { retry_after }),
                event @ Item::Event { .. } => self.items.push_back(event),
            }
        }
    }

    /// Drops the causes of this turn, and with them its credits.
    pub(crate) fn release(&mut self) {
        self.ctx.clear();
        self.watch.start();
    }
}
