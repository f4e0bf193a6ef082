//! Driving one subscriber alone, without spawning or sleeping.
//!
//! [`Alone::load`] makes it; [`Alone::send`] and [`Alone::ask`] call its handlers as the bus would;
//! what it published is kept in order and looked at with [`Alone::published`]. [`origin`] and
//! [`reply()`] stand in for the bus where a job is tested without one.

use crate::context::Cause;
use crate::envelope::{Envelope, Outgoing};
use crate::metrics::Moment;
use crate::reply::{self, Asker};
use crate::{
    Answers, AskError, Context, Event, EventNumber, Handles, LoadError, Missed, Origin, Reply,
    Request, Subscriber,
};
use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the kit's askers wait.
const PATIENCE: Duration = Duration::from_secs(3600);

/// An origin from outside, on no credits.
#[must_use]
pub fn origin() -> Origin {
    Origin::creditless()
}

/// Both ends of a request that nobody asked: the answerer's, and what its asker will be told.
pub fn reply<A: Send + 'static>() -> (Reply<A>, impl Future<Output = Result<A, AskError>>) {
    reply_within(PATIENCE)
}

/// [`reply()`] whose asker waits only so long, and then withdraws the request or learns that its
/// outcome is unknown, like any other.
pub fn reply_within<A: Send + 'static>(
    within: Duration,
) -> (Reply<A>, impl Future<Output = Result<A, AskError>>) {
    let (reply, asker) = reply::pair(origin(), Instant::now() + within);
    (reply, asker.wait())
}

/// One subscriber without a bus.
pub struct Alone<S: Subscriber> {
    state: S,
    number: EventNumber,
    start: Instant,
    /// Knows what was handled since the last turn's end.
    ctx: Context,
    published: Vec<Outgoing>,
}

impl<S: Subscriber> Alone<S> {
    /// Loads it.
    pub async fn load(deps: &S::Deps) -> Result<Self, LoadError> {
        let (state, start) = (S::load(deps).await?, Instant::now());
        Ok(Self {
            state,
            number: 0,
            start,
            ctx: Context::new(start),
            published: Vec::new(),
        })
    }

    /// Turn it one event. What the handler emitted is published only if it ended well.
    pub async fn send<E: Event>(&mut self, event: E) -> anyhow::Result<()>
    where
        S: Handles<E>,
    {
        self.number += 1;
        let event = Arc::new(event);
        let (payload, at) = (Arc::clone(&event) as _, Moment::since(self.start));
        let envelope = Arc::new(Envelope {
            number: self.number,
            name: E::NAME,
            payload,
            origin: origin(),
            at,
        });
        self.ctx.begin(Cause::Event(envelope));
        let ended = self.state.handle(&event, &mut self.ctx).await;
        self.conclude(ended)
    }

    /// Turn it one request and waits for the answer, from the handler or from whom it handed the
    /// reply to.
    pub async fn ask<R: Request>(&mut self, request: R) -> Result<R::Answer, AskError>
    where
        S: Answers<R>,
    {
        self.hand(request).await.1.answer().await
    }

    /// Turn it one request; returns how the handler ended, and the answer that may come later.
    pub async fn hand<R: Request>(&mut self, request: R) -> (anyhow::Result<()>, Pending<R::Answer>)
    where
        S: Answers<R>,
    {
        let (reply, asker) = reply::pair(origin(), Instant::now() + PATIENCE);
        self.ctx
            .begin(Cause::other(R::NAME, reply.origin().clone()));
        let ended = self.state.answer(request, reply, &mut self.ctx).await;
        (self.conclude(ended), Pending { asker })
    }

    /// Ends the turn of all that was handed to it since the last one, if there was anything.
    pub async fn turn_ended(&mut self) -> anyhow::Result<()> {
        if !self.ctx.has_causes() {
            return Ok(());
        }
        self.ctx.begin_ending();
        let ended = self.state.turn_ended(&mut self.ctx).await;
        let concluded = self.conclude(ended);
        self.ctx.clear();
        concluded
    }

    /// Tells it that it missed something, as only isolated subscribers are told.
    pub async fn missed(&mut self, missed: Missed) -> anyhow::Result<()> {
        self.ctx.begin(Cause::other("missed", origin()));
        let ended = self.state.missed(missed, &mut self.ctx).await;
        self.conclude(ended)
    }

    /// Every `E` it has published so far, in order.
    #[must_use]
    pub fn published<E: Event>(&self) -> Vec<Arc<E>> {
        let of_this_type = self
            .published
            .iter()
            .filter(|event| event.kind == TypeId::of::<E>());
        let payloads = of_this_type.map(|event| Arc::clone(&event.payload));
        payloads
            .map(|payload| payload.downcast().expect("its type was compared"))
            .collect()
    }

    /// The names of all it has published so far, in order.
    #[must_use]
    pub fn published_names(&self) -> Vec<&'static str> {
        self.published.iter().map(|event| event.name).collect()
    }

    /// The state, to be looked at.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.state
    }

    fn conclude(&mut self, ended: anyhow::Result<()>) -> anyhow::Result<()> {
        let emitted = self.ctx.take_emitted();
        ended?;
        self.published.extend(emitted);
        Ok(())
    }
}

/// An answer that may come later.
pub struct Pending<A> {
    asker: Asker<A>,
}

impl<A> Pending<A> {
    /// Waits for it.
    pub async fn answer(self) -> Result<A, AskError> {
        self.asker.wait().await
    }
}
