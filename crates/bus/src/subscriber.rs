//! What a subscriber is: state with one owner, its handlers, and how it is made again.

use crate::call::Call;
use crate::turn::Turn;
use crate::{Context, Event, LoadError, Reply, Request};
use futures_util::future::BoxFuture;
use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;
use tracing::{Instrument, Span};

/// How much an isolated subscriber has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It has just been loaded: read from your own cursor.
    Everything,
    /// This many events of the types it wants fell out of its ring.
    Events(u64),
}

/// State with one owner, changed only by its own handlers, one at a time.
///
/// A handler that returns `Err`, panics or overruns publishes nothing of what it emitted; after a
/// panic or an overrun the state is loaded anew before the next event.
pub trait Subscriber: Sized + Send + 'static {
    /// Stable and unique: the crate's name.
    const NAME: &'static str;
    /// What it is made from, again and again: database handles, settings, shared snapshots.
    type Deps: Send + Sync + 'static;

    /// Makes the state from storage: at the start, and again after a panic or an overrun.
    fn load(deps: &Self::Deps) -> impl Future<Output = Result<Self, LoadError>> + Send;

    /// Declares what it handles and answers: `wiring.on::<E>(); wiring.answers::<R>();`.
    fn wire(wiring: &mut Wiring<Self>);

    /// The most events taken as one turn; 1 means one by one.
    const TURN_MAX: usize = 64;

    /// Whether all else that is ready goes first when a turn is about to be ended: one ending may
    /// then serve what comes of that as well.
    const ENDS_LAST: bool = false;

    /// Called after each turn, when all that waited (at most [`Self::TURN_MAX`]) has been handled.
    /// What is emitted here holds the credits of the whole turn and names its first as cause.
    fn turn_ended(
        &mut self,
        _ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Isolated subscribers only: events were not delivered. Read again from your own cursor.
    fn missed(
        &mut self,
        _missed: Missed,
        _ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// A subscriber's handler for one type of event. Keep the payload if you must, never the context.
pub trait Handles<E: Event>: Subscriber {
    /// Handles it. An essential subscriber's handler never asks and never waits for a commit.
    fn handle(
        &mut self,
        event: &Arc<E>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// A subscriber's *ordered* answer: the request takes its place among the events and a credit.
pub trait Answers<R: Request>: Subscriber {
    /// Answers, or turn `reply` to a storage job and ends. `Err` or a dropped reply: the asker is
    /// told at once.
    fn answer(
        &mut self,
        request: R,
        reply: Reply<R::Answer>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The list of what a subscriber handles and answers.
pub struct Wiring<S> {
    events: Vec<Wire<EventHandler<S>>>,
    requests: Vec<Wire<RequestHandler<S>>>,
}

impl<S: Subscriber> Wiring<S> {
    /// It sees every `E`.
    pub fn on<E: Event>(&mut self) -> &mut Self
    where
        S: Handles<E>,
    {
        let kind = TypeId::of::<E>();
        if self.events.iter().all(|wire| wire.kind != kind) {
            self.events.push(Wire {
                kind,
                name: E::NAME,
                handler: handle::<S, E>,
            });
        }
        self
    }

    /// It is the one that answers `R`, in order.
    pub fn answers<R: Request>(&mut self) -> &mut Self
    where
        S: Answers<R>,
    {
        let kind = TypeId::of::<R>();
        self.requests.push(Wire {
            kind,
            name: R::NAME,
            handler: answer::<S, R>,
        });
        self
    }

    /// What `S` declares.
    pub(crate) fn of() -> Self {
        let mut wiring = Self {
            events: Vec::new(),
            requests: Vec::new(),
        };
        S::wire(&mut wiring);
        wiring
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = (TypeId, &'static str)> {
        self.events.iter().map(|wire| (wire.kind, wire.name))
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = (TypeId, &'static str)> {
        self.requests.iter().map(|wire| (wire.kind, wire.name))
    }

    pub(crate) fn event_handler(&self, index: u32) -> EventHandler<S> {
        self.events[index as usize].handler
    }

    pub(crate) fn request_handler(&self, index: u32) -> RequestHandler<S> {
        self.requests[index as usize].handler
    }
}

/// One line of the wiring.
struct Wire<H> {
    kind: TypeId,
    name: &'static str,
    handler: H,
}

/// Handlers under way.
pub(crate) type Handling<'a> = BoxFuture<'a, anyhow::Result<()>>;
/// [`Handles::handle`] with the event's type forgotten, for all events for it that come next.
pub(crate) type EventHandler<S> = for<'a> fn(&'a mut S, u32, &'a mut Turn) -> Handling<'a>;
/// [`Answers::answer`] with the request's type forgotten.
pub(crate) type RequestHandler<S> = for<'a> fn(&'a mut S, &'a mut Turn) -> Handling<'a>;

fn handle<'a, S: Handles<E>, E: Event>(
    state: &'a mut S,
    handler: u32,
    turn: &'a mut Turn,
) -> Handling<'a> {
    Box::pin(async move {
        while let Some(payload) = turn.next_event(handler) {
            let event = payload.downcast::<E>().expect("routed by the event's type");
            let span = turn.span(S::NAME);
            spanned(span, state.handle(&event, &mut turn.ctx)).await?;
            if !turn.ended_well() {
                break;
            }
        }
        Ok(())
    })
}

fn answer<'a, S: Answers<R>, R: Request>(state: &'a mut S, turn: &'a mut Turn) -> Handling<'a> {
    Box::pin(async move {
        let Some(call) = turn.next_request() else {
            return Ok(());
        };
        let call = call
            .into_any()
            .downcast::<Call<R>>()
            .expect("routed by the request's type");
        let Call { request, reply, .. } = *call;
        let span = turn.span(S::NAME);
        spanned(span, state.answer(request, reply, &mut turn.ctx)).await?;
        turn.ended_well();
        Ok(())
    })
}

async fn spanned<F: Future>(span: Option<Span>, work: F) -> F::Output {
    match span {
        Some(span) => work.instrument(span).await,
        None => work.await,
    }
}
