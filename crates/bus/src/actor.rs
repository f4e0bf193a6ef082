//! A subscriber's loop: takes what waits, handles one after another, ends the turn.

use crate::hub::Hub;
use crate::log::Item;
use crate::panics::caught;
use crate::rebuild::Rebuild;
use crate::{AskError, Context, EventNumber, Missed, Origin, Subscriber, TraceId, Wiring};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

/// The state can no longer be trusted: it is to be loaded anew.
pub(crate) struct Crashed;

pub(crate) struct Actor<S: Subscriber> {
    pub(crate) hub: Arc<Hub>,
    pub(crate) index: usize,
    pub(crate) wiring: Arc<Wiring<S>>,
    pub(crate) limit: Duration,
    pub(crate) rebuild: Rebuild<S>,
    /// Taken and not yet handled.
    pub(crate) turn: VecDeque<Item>,
    /// Where what has been handled in this turn came from: its credits stay until the turn's end.
    pub(crate) origins: Vec<Origin>,
}

impl<S: Subscriber> Actor<S> {
    /// Runs until the bus closes; begins with `loaded`, or else by loading.
    pub(crate) async fn run(mut self, loaded: Option<S>) {
        let mut state = match loaded {
            Some(state) => state,
            None => self.rebuilt().await,
        };
        while let Some(missed) = self.hub.take(self.index, S::TURN_MAX, &mut self.turn).await {
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
            if self.handle(&mut state, item).await.is_err() {
                state = self.replaced(state).await;
            }
        }
        if self.end_turn(&mut state).await.is_err() {
            state = self.replaced(state).await;
        }
        self.hub.inbox(self.index).counters.rests();
        state
    }

    async fn handle(&mut self, state: &mut S, item: Item) -> Result<(), Crashed> {
        let at = item.at();
        self.hub
            .inbox(self.index)
            .counters
            .begins(at, self.turn.len());
        match item {
            Item::Event {
                handler,
                number,
                envelope,
            } => {
                let origin = envelope.origin.reaction_to(number);
                let what = What {
                    name: envelope.name,
                    number,
                    trace: origin.trace(),
                };
                self.origins.push(origin.clone());
                let mut ctx = Context::new(origin);
                let payload = Arc::clone(&envelope.payload);
                // A handler that keeps the payload must not keep the envelope's credits.
                drop(envelope);
                let work = self.wiring.event_handler(handler)(state, payload, &mut ctx);
                let ended = self.run_handler(&what, work).await;
                self.conclude(&what, ctx, ended).await
            }
            Item::Request { call, .. } if call.lapsed(Instant::now()) => {
                call.fail(AskError::Overloaded);
                Ok(())
            }
            Item::Request { handler, call } => {
                let origin = call.origin().clone();
                let what = What {
                    name: call.name(),
                    number: 0,
                    trace: origin.trace(),
                };
                self.origins.push(origin.clone());
                let mut ctx = Context::new(origin);
                let work = self.wiring.request_handler(handler)(state, call, &mut ctx);
                let ended = self.run_handler(&what, work).await;
                self.conclude(&what, ctx, ended).await
            }
        }
    }

    /// Ends the turn on behalf of all that was handled in it; then its credits go home.
    async fn end_turn(&mut self, state: &mut S) -> Result<(), Crashed> {
        let Some(origin) = Origin::merged(&self.origins) else {
            return Ok(());
        };
        self.origins.clear();
        let what = What {
            name: "turn_ended",
            number: origin.cause(),
            trace: origin.trace(),
        };
        let mut ctx = Context::new(origin);
        let ended = limited(self.limit, state.turn_ended(&mut ctx)).await;
        self.conclude(&what, ctx, ended).await
    }

    /// An isolated subscriber that cannot make up for what it missed has to begin anew.
    async fn tell_missed(&mut self, state: &mut S, missed: Missed) -> Result<(), Crashed> {
        let origin = Origin::outside(TraceId::random(), smallvec::SmallVec::new());
        let what = What {
            name: "missed",
            number: 0,
            trace: origin.trace(),
        };
        let mut ctx = Context::new(origin);
        let ended = limited(self.limit, state.missed(missed, &mut ctx)).await;
        let well = matches!(ended, Ended::Well);
        self.conclude(&what, ctx, ended).await?;
        well.then_some(()).ok_or(Crashed)
    }

    async fn run_handler(
        &mut self,
        what: &What,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> Ended {
        let What {
            name,
            number,
            trace,
        } = *what;
        let span = tracing::debug_span!("handle", subscriber = S::NAME, name, number, %trace);
        let started = Instant::now();
        let ended = limited(self.limit, work.instrument(span)).await;
        self.hub.inbox(self.index).counters.ended(started.elapsed());
        ended
    }

    /// Publishes what was emitted if all went well, and says so once if not.
    async fn conclude(&mut self, what: &What, ctx: Context, ended: Ended) -> Result<(), Crashed> {
        let error = match ended {
            Ended::Well => {
                self.publish(ctx).await;
                return Ok(());
            }
            Ended::Failed(ref error) => format!("{error:#}"),
            Ended::Panicked(ref panic) => panic.clone(),
            Ended::Overran => format!("overran {:?}", self.limit),
        };
        self.hub.inbox(self.index).counters.failed();
        let What {
            name,
            number,
            trace,
        } = what;
        let (subscriber, cause) = (S::NAME, ctx.origin().cause());
        tracing::error!(subscriber, name, number, cause, %trace, error, "a handler failed");
        match ended {
            Ended::Panicked(_) | Ended::Overran => Err(Crashed),
            Ended::Well | Ended::Failed(_) => Ok(()),
        }
    }

    async fn publish(&mut self, ctx: Context) {
        let (mut origin, emitted) = ctx.into_parts();
        if !emitted.is_empty() && !self.hub.inbox(self.index).essential {
            // It stands outside: what it states enters like anything else from there.
            origin = origin.on_credits(self.hub.enter().await);
        }
        for event in emitted {
            self.hub.publish(&origin, event);
        }
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

/// How a handler call ended.
enum Ended {
    Well,
    Failed(anyhow::Error),
    Panicked(String),
    Overran,
}

async fn limited(limit: Duration, work: impl Future<Output = anyhow::Result<()>>) -> Ended {
    let mut work = pin!(caught(work));
    // Most handlers never wait: those need no timer.
    let first = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
    let ended = match first {
        Poll::Ready(ended) => Ok(ended),
        Poll::Pending => timeout(limit, work).await,
    };
    match ended {
        Ok(Ok(Ok(()))) => Ended::Well,
        Ok(Ok(Err(error))) => Ended::Failed(error),
        Ok(Err(panic)) => Ended::Panicked(panic),
        Err(_) => Ended::Overran,
    }
}
