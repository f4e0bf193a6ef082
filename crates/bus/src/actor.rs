//! A subscriber's loop: takes what waits, handles one after another, ends the turn.

use crate::context::Cause;
use crate::credit::Credits;
use crate::guard::{Ended, finish, first_poll};
use crate::hub::Hub;
use crate::log::Item;
use crate::panics::caught;
use crate::rebuild::Rebuild;
use crate::stopwatch::Stopwatch;
use crate::{AskError, Context, Missed, Origin, Subscriber, TraceId, Wiring};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::Instant;

/// The state can no longer be trusted: it is to be loaded anew.
pub(crate) struct Crashed;

pub(crate) struct Actor<S: Subscriber> {
    hub: Arc<Hub>,
    index: usize,
    wiring: Arc<Wiring<S>>,
    rebuild: Rebuild<S>,
    watch: Stopwatch,
    /// Taken and not yet handled.
    turn: VecDeque<Item>,
}

impl<S: Subscriber> Actor<S> {
    pub(crate) fn new(
        hub: Arc<Hub>,
        index: usize,
        wiring: Arc<Wiring<S>>,
        rebuild: Rebuild<S>,
    ) -> Self {
        Self {
            hub,
            index,
            wiring,
            rebuild,
            watch: Stopwatch::new(),
            turn: VecDeque::new(),
        }
    }

    /// Runs until the bus closes; begins with `loaded`, or else by loading.
    pub(crate) async fn run(mut self, loaded: Option<S>) {
        let mut ctx = Context::default();
        let mut state = match loaded {
            Some(state) => state,
            None => self.rebuilt(&mut ctx).await,
        };
        while let Some(missed) = self.hub.take(self.index, S::TURN_MAX, &mut self.turn).await {
            self.watch.start();
            if missed > 0 {
                state = self.catch_up(state, &mut ctx, missed).await;
            }
            state = self.take_turn(state, &mut ctx).await;
            self.hub.counters(self.index).rests();
            // Handlers that never wait would otherwise keep the thread from everyone else.
            tokio::task::coop::consume_budget().await;
        }
    }

    async fn take_turn(&mut self, mut state: S, ctx: &mut Context) -> S {
        while let Some(item) = self.turn.pop_front() {
            if self.handle(&mut state, ctx, item).await.is_err() {
                state = self.replaced(state, ctx).await;
            }
        }
        if self.end_turn(&mut state, ctx).await.is_err() {
            state = self.replaced(state, ctx).await;
        }
        state
    }

    async fn handle(
        &mut self,
        state: &mut S,
        ctx: &mut Context,
        item: Item,
    ) -> Result<(), Crashed> {
        let at = item.at();
        let work = match item {
            Item::Event {
                handler,
                number,
                envelope,
            } => {
                let payload = Arc::clone(&envelope.payload);
                ctx.begin(Cause::Event { number, envelope });
                self.wiring.event_handler(handler)(state, payload, ctx)
            }
            Item::Request { call, .. } if call.lapsed(Instant::now()) => {
                call.fail(AskError::Overloaded);
                return Ok(());
            }
            Item::Request { handler, call } => {
                ctx.begin(Cause::Other {
                    name: call.name(),
                    origin: call.origin().clone(),
                });
                self.wiring.request_handler(handler)(state, call, ctx)
            }
        };
        let ended = self.guarded(Some(at), work).await;
        self.conclude(ctx, ended).await
    }

    /// Ends the turn on behalf of all that was handled in it; then its credits go home.
    async fn end_turn(&mut self, state: &mut S, ctx: &mut Context) -> Result<(), Crashed> {
        let mut concluded = Ok(());
        if ctx.begin_ending() {
            let ended = self.guarded(None, state.turn_ended(ctx)).await;
            concluded = self.conclude(ctx, ended).await;
        }
        ctx.clear();
        concluded
    }

    async fn catch_up(&mut self, mut state: S, ctx: &mut Context, missed: u64) -> S {
        if self
            .tell_missed(&mut state, ctx, Missed::Events(missed))
            .await
            .is_err()
        {
            return self.replaced(state, ctx).await;
        }
        state
    }

    /// An isolated subscriber that cannot make up for what it missed has to begin anew.
    async fn tell_missed(
        &mut self,
        state: &mut S,
        ctx: &mut Context,
        missed: Missed,
    ) -> Result<(), Crashed> {
        let origin = Origin::outside(TraceId::random(), Credits::none());
        ctx.begin(Cause::Other {
            name: "missed",
            origin,
        });
        let ended = self.guarded(None, state.missed(missed, ctx)).await;
        let well = matches!(ended, Ended::Well);
        let concluded = self.conclude(ctx, ended).await;
        ctx.clear();
        if well { concluded } else { Err(Crashed) }
    }

    /// Runs a handler for at most its limit; `at` is the age of what it handles.
    async fn guarded(
        &mut self,
        at: Option<Instant>,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> Ended {
        let counters = self.hub.counters(self.index);
        let mut work = pin!(caught(work));
        // Most handlers never wait: those need no timer, and hardly a clock.
        if let Poll::Ready(ended) = first_poll(work.as_mut()).await {
            self.watch.instant_call(counters);
            return ended.into();
        }
        if let Some(at) = at {
            counters.begins(at, self.turn.len());
        }
        let ended = finish(work, self.hub.handler_limit()).await;
        self.watch.call(counters);
        ended
    }

    /// Publishes what was emitted if all went well, and says so once if not.
    async fn conclude(&mut self, ctx: &mut Context, ended: Ended) -> Result<(), Crashed> {
        let error = match &ended {
            Ended::Well if ctx.has_emitted() => {
                self.publish(ctx).await;
                return Ok(());
            }
            Ended::Well => return Ok(()),
            Ended::Failed(error) => format!("{error:#}"),
            Ended::Panicked(panic) => panic.clone(),
            Ended::Overran => format!("overran its {:?}", self.hub.handler_limit()),
        };
        ctx.take_emitted();
        self.hub.counters(self.index).failed();
        let (name, number) = ctx.what();
        let (cause, trace) = (ctx.origin().cause(), ctx.origin().trace());
        tracing::error!(subscriber = S::NAME, name, number, cause, %trace, error, "a handler failed");
        match ended {
            Ended::Well | Ended::Failed(_) => Ok(()),
            Ended::Panicked(_) | Ended::Overran => Err(Crashed),
        }
    }

    async fn publish(&mut self, ctx: &mut Context) {
        let emitted = ctx.take_emitted();
        if self.hub.inbox(self.index).essential {
            return self.hub.publish_all(ctx.origin(), emitted);
        }
        // It stands outside: what it states enters like anything else from there.
        let credits = self.hub.enter().await;
        self.hub
            .publish_all(&ctx.origin().on_credits(credits), emitted);
    }

    /// Throws the state away and makes it again.
    async fn replaced(&mut self, state: S, ctx: &mut Context) -> S {
        // What was broken may break once more as it is dropped; that changes nothing.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(state)));
        self.rebuilt(ctx).await
    }

    /// Loads until it succeeds. The turn so far goes with the state that knew of it.
    async fn rebuilt(&mut self, ctx: &mut Context) -> S {
        ctx.clear();
        loop {
            let mut state = self.rebuild.run(&self.hub, &mut self.turn).await;
            self.watch.start();
            let essential = self.hub.inbox(self.index).essential;
            if essential
                || self
                    .tell_missed(&mut state, ctx, Missed::Everything)
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
