//! A test kit: drives one subscriber without a bus, spawning or sleeping.
//!
//! [`Alone::load`] creates it; [`Alone::send`] and [`Alone::ask`] call its handlers as the bus
//! would; [`Alone::published`] returns what it published, in order. [`origin`] and [`reply()`]
//! replace the bus in tests of a single job.

use crate::context::Cause;
use crate::envelope::{Envelope, Outgoing};
use crate::metrics::Moment;
use crate::reply::{self, ReplyReceiver};
use crate::{
    Answers, AnswersAsync, AskError, Context, Event, EventNumber, Handles, HandlesAsync, Isolated,
    LoadError, Missed, Origin, Reply, Request, Subscriber,
};
use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the kit waits for an answer.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// Returns an origin without credits.
#[must_use]
pub fn origin() -> Origin {
    Origin::creditless()
}

/// Returns both ends of a request: the answerer's reply, and the future result of the caller.
pub fn reply<A: Send + 'static>() -> (Reply<A>, impl Future<Output = Result<A, AskError>>) {
    reply_within(WAIT_MAX)
}

/// Like [`reply()`], but the caller stops waiting after `within`, and then withdraws the request or
/// learns that its outcome is unknown.
pub fn reply_within<A: Send + 'static>(
    within: Duration,
) -> (Reply<A>, impl Future<Output = Result<A, AskError>>) {
    let (reply, receiver) = reply::channel(origin(), Instant::now() + within);
    (reply, receiver.wait())
}

/// One subscriber without a bus.
pub struct Alone<S: Subscriber> {
    state: S,
    number: EventNumber,
    start: Instant,
    /// Holds what was handled since the last turn ended.
    ctx: Context,
    published: Vec<Outgoing>,
}

impl<S: Subscriber> Alone<S> {
    /// Loads the subscriber from `deps`, as at the start of the bus.
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

    /// Hands it one event.
    pub fn send<E: Event>(&mut self, event: E)
    where
        S: Handles<E>,
    {
        let event = Arc::new(event);
        self.begin(&event);
        self.state.handle(&event, &mut self.ctx);
        self.publish();
    }

    /// Hands it one request and waits for the answer, from the handler or from whatever holds the
    /// reply.
    pub async fn ask<R: Request>(&mut self, request: R) -> Result<R::Answer, AskError>
    where
        S: Answers<R>,
    {
        self.hand(request).answer().await
    }

    /// Hands it one request; returns the answer, which may come later.
    pub fn hand<R: Request>(&mut self, request: R) -> Pending<R::Answer>
    where
        S: Answers<R>,
    {
        let (reply, pending) = self.begin_request::<R>();
        self.state.answer(request, reply, &mut self.ctx);
        self.publish();
        pending
    }

    /// Ends the turn of everything handed to it since the last one; does nothing if there was none.
    pub fn turn_ended(&mut self) {
        if !self.ctx.has_causes() {
            return;
        }
        self.ctx.begin_ending();
        self.state.turn_ended(&mut self.ctx);
        self.publish();
        self.ctx.clear();
    }

    /// Returns every `E` it has published so far, in order.
    #[must_use]
    pub fn published<E: Event>(&self) -> Vec<Arc<E>> {
        let matching = self
            .published
            .iter()
            .filter(|event| event.type_id == TypeId::of::<E>());
        let payloads = matching.map(|event| Arc::clone(&event.payload));
        payloads
            .map(|payload| payload.downcast().expect("its type was compared"))
            .collect()
    }

    /// Returns the names of all events it has published so far, in order.
    #[must_use]
    pub fn published_names(&self) -> Vec<&'static str> {
        self.published.iter().map(|event| event.name).collect()
    }

    /// Returns the subscriber's state.
    #[must_use]
    pub fn state(&self) -> &S {
        &self.state
    }

    fn begin<E: Event>(&mut self, event: &Arc<E>) {
        self.number += 1;
        let (payload, at) = (Arc::clone(event) as _, Moment::since(self.start));
        let envelope = Arc::new(Envelope {
            number: self.number,
            name: E::NAME,
            payload,
            origin: origin(),
            at,
        });
        self.ctx.begin(Cause::Event(envelope));
    }

    fn begin_request<R: Request>(&mut self) -> (Reply<R::Answer>, Pending<R::Answer>) {
        let (reply, receiver) = reply::channel(origin(), Instant::now() + WAIT_MAX);
        self.ctx
            .begin(Cause::other(R::NAME, reply.origin().clone()));
        (reply, Pending { receiver })
    }

    fn publish(&mut self) {
        self.published.extend(self.ctx.take_emitted());
    }
}

/// The handlers that may wait. What one of them emits is published only if it returns `Ok`.
impl<S: Subscriber<Kind = Isolated>> Alone<S> {
    /// Hands it one event, and waits until it has been handled.
    pub async fn send_async<E: Event>(&mut self, event: E) -> anyhow::Result<()>
    where
        S: HandlesAsync<E>,
    {
        let event = Arc::new(event);
        self.begin(&event);
        let outcome = self.state.handle(&event, &mut self.ctx).await;
        self.conclude(outcome)
    }

    /// Hands it one request; returns the handler's result, and the answer that may come later.
    pub async fn hand_async<R: Request>(
        &mut self,
        request: R,
    ) -> (anyhow::Result<()>, Pending<R::Answer>)
    where
        S: AnswersAsync<R>,
    {
        let (reply, pending) = self.begin_request::<R>();
        let outcome = self.state.answer(request, reply, &mut self.ctx).await;
        (self.conclude(outcome), pending)
    }

    /// Reports missed events to it, as the bus does.
    pub async fn missed(&mut self, missed: Missed) -> anyhow::Result<()> {
        self.ctx.begin(Cause::other("missed", origin()));
        let outcome = self.state.missed(missed, &mut self.ctx).await;
        self.conclude(outcome)
    }

    fn conclude(&mut self, outcome: anyhow::Result<()>) -> anyhow::Result<()> {
        if outcome.is_err() {
            self.ctx.take_emitted();
        }
        self.publish();
        outcome
    }
}

/// An answer that may come later.
pub struct Pending<A> {
    receiver: ReplyReceiver<A>,
}

impl<A> Pending<A> {
    /// Waits for the answer.
    pub async fn answer(self) -> Result<A, AskError> {
        self.receiver.wait().await
    }
}
