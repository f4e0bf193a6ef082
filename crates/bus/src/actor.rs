//! A subscriber's loop: takes what waits, handles one after another, ends the turn.

use crate::call::AnyCall;
use crate::credit::Credits;
use crate::envelope::Envelope;
use crate::guard::{Ended, guarded};
use crate::hub::Hub;
use crate::log::Item;
use crate::rebuild::Rebuild;
use crate::{AskError, Context, EventNumber, Missed, Origin, Subscriber, TraceId, Wiring};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The state can no longer be trusted: it is to be loaded anew.
pub(crate) struct Crashed;

pub(crate) struct Actor<S: Subscriber> {
    hub: Arc<Hub>,
    index: usize,
    wiring: Arc<Wiring<S>>,
    rebuild: Rebuild<S>,
    limit: Duration,
    /// Taken and not yet handled.
    turn: VecDeque<Item>,
    /// Where what has been handled in this turn came from: its credits stay until the turn's end.
    origins: Vec<Origin>,
    /// When the last handler ended, which is when the next one of the turn begins.
    clock: Instant,
}

impl<S: Subscriber> Actor<S> {
    pub(crate) fn new(
        hub: Arc<Hub>,
        index: usize,
        wiring: Arc<Wiring<S>>,
        rebuild: Rebuild<S>,
    ) -> Self {
        let (limit, clock) = (hub.handler_limit(), Instant::now());
        let (turn, origins) = (VecDeque::new(), Vec::new());
        Self {
            hub,
            index,
            wiring,
            rebuild,
            limit,
            turn,
            origins,
            clock,
        }
    }

    /// Runs until the bus closes; begins with `loaded`, or else by loading.
    pub(crate) async fn run(mut self, loaded: Option<S>) {
        let mut state = match loaded {
            Some(state) => state,
            None => self.rebuilt().await,
        };
        while let Some(missed) = self.hub.take(self.index, S::TURN_MAX, &mut self.turn).await {
            self.clock = Instant::now();
            if missed > 0
                && self
                    .tell_missed(&mut state, Missed::Events(missed))
                    .await
                    .is_err()
            {
                state = self.replaced(state).await;
            }
            state = self.take_turn(state).await;
            // Handlers that never wait would otherwise keep the thread from everyone else.
            tokio::task::coop::consume_budget().await;
        }
    }

    async fn take_turn(&mut self, mut state: S) -> S {
        while let Some(item) = self.turn.pop_front() {
            self.hub
                .inbox(self.index)
                .counters
                .begins(item.at(), self.turn.len());
            let handled = match item {
                Item::Event {
                    handler,
                    number,
                    envelope,
                } => self.handle(&mut state, handler, number, envelope).await,
                Item::Request { handler, call } => self.answer(&mut state, handler, call).await,
            };
            if handled.is_err() {
                state = self.replaced(state).await;
            }
        }
        if self.end_turn(&mut state).await.is_err() {
            state = self.replaced(state).await;
        }
        self.hub.inbox(self.index).counters.rests();
        state
    }

    async fn handle(
        &mut self,
        state: &mut S,
        handler: usize,
        number: EventNumber,
        envelope: Arc<Envelope>,
    ) -> Result<(), Crashed> {
        let origin = envelope.origin.reaction_to(number);
        let what = What {
            name: envelope.name,
            number,
            trace: origin.trace(),
        };
        let mut ctx = Context::new(origin);
        let payload = Arc::clone(&envelope.payload);
        let work = self.wiring.event_handler(handler)(state, payload, &mut ctx);
        let ended = guarded(self.limit, work, || what.span(S::NAME)).await;
        self.conclude(&what, ctx, ended).await
    }

    async fn answer(
        &mut self,
        state: &mut S,
        handler: usize,
        call: Box<dyn AnyCall>,
    ) -> Result<(), Crashed> {
        if call.lapsed(self.clock) {
            call.fail(AskError::Overloaded);
            return Ok(());
        }
        let origin = call.origin().clone();
        let what = What {
            name: call.name(),
            number: 0,
            trace: origin.trace(),
        };
        let mut ctx = Context::new(origin);
        let work = self.wiring.request_handler(handler)(state, call, &mut ctx);
        let ended = guarded(self.limit, work, || what.span(S::NAME)).await;
        self.conclude(&what, ctx, ended).await
    }

    /// Ends the turn on behalf of all that was handled in it; then its credits go home.
    async fn end_turn(&mut self, state: &mut S) -> Result<(), Crashed> {
        let Some(origin) = Origin::gathered(self.origins.drain(..)) else {
            return Ok(());
        };
        let what = What {
            name: "turn_ended",
            number: origin.cause(),
            trace: origin.trace(),
        };
        let mut ctx = Context::new(origin);
        let work = state.turn_ended(&mut ctx);
        let ended = guarded(self.limit, work, || what.span(S::NAME)).await;
        let concluded = self.conclude(&what, ctx, ended).await;
        self.origins.clear();
        concluded
    }

    /// An isolated subscriber that cannot make up for what it missed has to begin anew.
    async fn tell_missed(&mut self, state: &mut S, missed: Missed) -> Result<(), Crashed> {
        let origin = Origin::outside(TraceId::random(), Credits::none());
        let what = What {
            name: "missed",
            number: 0,
            trace: origin.trace(),
        };
        let mut ctx = Context::new(origin);
        let work = state.missed(missed, &mut ctx);
        let ended = guarded(self.limit, work, || what.span(S::NAME)).await;
        let well = matches!(ended, Ended::Well);
        self.conclude(&what, ctx, ended).await?;
        self.origins.clear();
        well.then_some(()).ok_or(Crashed)
    }

    /// Publishes what was emitted if all went well, and says so once if not.
    async fn conclude(&mut self, what: &What, ctx: Context, ended: Ended) -> Result<(), Crashed> {
        let began = std::mem::replace(&mut self.clock, Instant::now());
        let counters = &self.hub.inbox(self.index).counters;
        counters.ended(self.clock - began);
        let Some(error) = ended.error(self.limit) else {
            if ctx.has_emitted() {
                self.publish(ctx).await;
            } else {
                self.origins.push(ctx.into_parts().0);
            }
            return Ok(());
        };
        counters.failed();
        let What {
            name,
            number,
            trace,
        } = what;
        let (subscriber, cause) = (S::NAME, ctx.origin().cause());
        tracing::error!(subscriber, name, number, cause, %trace, error, "a handler failed");
        self.origins.push(ctx.into_parts().0);
        if ended.is_a_crash() {
            Err(Crashed)
        } else {
            Ok(())
        }
    }

    async fn publish(&mut self, ctx: Context) {
        let (origin, emitted) = ctx.into_parts();
        let essential = self.hub.inbox(self.index).essential;
        // Who stands outside enters like anything else from there, but keeps no credit itself.
        let entered = if essential {
            None
        } else {
            Some(self.hub.enter().await)
        };
        let riding = entered.map(|credits| origin.on_credits(credits));
        for event in emitted {
            self.hub.publish(riding.as_ref().unwrap_or(&origin), event);
        }
        self.origins.push(origin);
    }

    /// Throws the state away and makes it again.
    async fn replaced(&mut self, state: S) -> S {
        // What was broken may break once more as it is dropped; that changes nothing.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(state)));
        self.rebuilt().await
    }

    /// Loads until it succeeds. The turn's earlier origins go with the state that knew of them.
    async fn rebuilt(&mut self) -> S {
        self.origins.clear();
        loop {
            let mut state = self.rebuild.run(&self.hub, &mut self.turn).await;
            self.clock = Instant::now();
            let essential = self.hub.inbox(self.index).essential;
            if essential
                || self
                    .tell_missed(&mut state, Missed::Everything)
                    .await
                    .is_ok()
            {
                self.rebuild.settled();
                return state;
            }
            self.rebuild.rest(&self.hub, &mut self.turn).await;
        }
    }
}

/// What the log calls the thing being handled.
struct What {
    name: &'static str,
    number: EventNumber,
    trace: TraceId,
}

impl What {
    fn span(&self, subscriber: &'static str) -> tracing::Span {
        let What {
            name,
            number,
            trace,
        } = self;
        tracing::debug_span!("handle", subscriber, name, number, %trace)
    }
}
