//! Subscribers: state with one owner, its handlers, and how it is loaded.

use crate::call::Call;
use crate::turn::Turn;
use crate::{Context, Event, LoadError, Reply, Request};
use futures_util::future::BoxFuture;
use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;
use tracing::{Instrument, Span};

/// How much an isolated subscriber missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It has just been loaded: read on from your own cursor.
    Everything,
    /// This many events that it subscribed to were evicted from its ring.
    Events(u64),
}

/// State with one owner, changed only by its own handlers, one at a time.
///
/// If a handler returns `Err`, panics or times out, nothing that it emitted is published. After a
/// panic or a time-out the state is reloaded before the next event.
pub trait Subscriber: Sized + Send + 'static {
    /// Stable and unique; usually the crate's name.
    const NAME: &'static str;
    /// What `load` needs, every time: database handles, settings, shared snapshots.
    type Deps: Send + Sync + 'static;

    /// Loads the state from storage: at the start, and again after a panic or a time-out.
    fn load(deps: &Self::Deps) -> impl Future<Output = Result<Self, LoadError>> + Send;

    /// Declares the events it handles, `wiring.on::<E>()`, and the requests it answers,
    /// `wiring.answers::<R>()`.
    fn wire(wiring: &mut Wiring<Self>);

    /// The most items taken as one turn; 1 means one by one.
    const TURN_MAX: usize = 64;

    /// Whether other ready tasks run before `turn_ended`, so that one call may serve their effects
    /// as well.
    const ENDS_LAST: bool = false;

    /// Called after each turn, when all waiting items (at most [`Self::TURN_MAX`]) have been
    /// handled. Events emitted here hold the credits of the whole turn and have the cause of its
    /// first item.
    fn turn_ended(
        &mut self,
        _ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Called for isolated subscribers only, when events were missed: read on from your own cursor.
    fn missed(
        &mut self,
        _missed: Missed,
        _ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// A subscriber's handler for one type of event. It may keep the payload, but not the origin, which
/// holds a credit.
pub trait Handles<E: Event>: Subscriber {
    /// Handles the event. In an essential subscriber it must not send requests or wait for a
    /// commit.
    fn handle(
        &mut self,
        event: &Arc<E>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// A subscriber's *ordered* answer: the request takes its place among the events, and a credit if
/// the subscriber is essential.
pub trait Answers<R: Request>: Subscriber {
    /// Answers, or hands `reply` to a storage job and returns. On `Err`, or if `reply` is dropped,
    /// the request fails at once.
    fn answer(
        &mut self,
        request: R,
        reply: Reply<R::Answer>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The handlers that a subscriber declares in [`Subscriber::wire`].
pub struct Wiring<S> {
    events: Vec<Registration<EventHandler<S>>>,
    requests: Vec<Registration<RequestHandler<S>>>,
}

impl<S: Subscriber> Wiring<S> {
    /// Subscribes to `E`. Repeated calls have no effect.
    pub fn on<E: Event>(&mut self) -> &mut Self
    where
        S: Handles<E>,
    {
        let type_id = TypeId::of::<E>();
        if self.events.iter().all(|entry| entry.type_id != type_id) {
            self.events.push(Registration {
                type_id,
                name: E::NAME,
                handler: handle::<S, E>,
            });
        }
        self
    }

    /// Makes this subscriber the answerer of `R`, in order with the events.
    pub fn answers<R: Request>(&mut self) -> &mut Self
    where
        S: Answers<R>,
    {
        let type_id = TypeId::of::<R>();
        self.requests.push(Registration {
            type_id,
            name: R::NAME,
            handler: answer::<S, R>,
        });
        self
    }

    /// Collects the declarations of `S`.
    pub(crate) fn of() -> Self {
        let mut wiring = Self {
            events: Vec::new(),
            requests: Vec::new(),
        };
        S::wire(&mut wiring);
        wiring
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = (TypeId, &'static str)> {
        self.events.iter().map(|entry| (entry.type_id, entry.name))
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = (TypeId, &'static str)> {
        self.requests
            .iter()
            .map(|entry| (entry.type_id, entry.name))
    }

    pub(crate) fn event_handler(&self, index: u32) -> EventHandler<S> {
        self.events[index as usize].handler
    }

    pub(crate) fn request_handler(&self, index: u32) -> RequestHandler<S> {
        self.requests[index as usize].handler
    }
}

/// One handler, with the name and type of its event or request.
struct Registration<H> {
    type_id: TypeId,
    name: &'static str,
    handler: H,
}

/// The future of one or more handler calls.
pub(crate) type Handling<'a> = BoxFuture<'a, anyhow::Result<()>>;
/// A type-erased [`Handles::handle`]; handles all events for it at the front of the turn.
pub(crate) type EventHandler<S> = for<'a> fn(&'a mut S, u32, &'a mut Turn) -> Handling<'a>;
/// A type-erased [`Answers::answer`].
pub(crate) type RequestHandler<S> = for<'a> fn(&'a mut S, &'a mut Turn) -> Handling<'a>;

fn handle<'a, S: Handles<E>, E: Event>(
    state: &'a mut S,
    handler: u32,
    turn: &'a mut Turn,
) -> Handling<'a> {
    Box::pin(async move {
        while let Some(payload) = turn.next_event(handler) {
            let event = payload.downcast::<E>().expect("events are routed by type");
            let span = turn.span(S::NAME);
            in_span(span, state.handle(&event, &mut turn.ctx)).await?;
            if !turn.finish_call() {
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
            .expect("requests are routed by type");
        let Call { request, reply, .. } = *call;
        let span = turn.span(S::NAME);
        in_span(span, state.answer(request, reply, &mut turn.ctx)).await?;
        turn.finish_call();
        Ok(())
    })
}

async fn in_span<F: Future>(span: Option<Span>, work: F) -> F::Output {
    match span {
        Some(span) => work.instrument(span).await,
        None => work.await,
    }
}
