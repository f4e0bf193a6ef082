//! The handlers that a subscriber declares, and how they are called without their types.

use crate::call::Call;
use crate::item::Item;
use crate::message_type::MessageType;
use crate::turn::Turn;
use crate::{
    Answers, AnswersAsync, Event, Handles, HandlesAsync, Isolated, Reply, Request, Subscriber,
};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;
use tracing::{Instrument, Span};

/// The handlers that a subscriber declares in [`Subscriber::wire`].
pub struct Wiring<S> {
    events: Vec<Registration<S>>,
    requests: Vec<Registration<S>>,
}

impl<S: Subscriber> Wiring<S> {
    /// Subscribes to `E`. Repeated calls have no effect.
    pub fn on<E: Event>(&mut self) -> &mut Self
    where
        S: Handles<E>,
    {
        self.event::<E>(Handler::Plain(handle::<S, E>))
    }

    /// Makes this subscriber the answerer of `R`, in order with the events.
    pub fn answers<R: Request>(&mut self) -> &mut Self
    where
        S: Answers<R>,
    {
        self.request::<R>(Handler::Plain(answer::<S, R>))
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

    pub(crate) fn events(&self) -> impl Iterator<Item = MessageType> {
        self.events.iter().map(|entry| entry.message)
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = MessageType> {
        self.requests.iter().map(|entry| entry.message)
    }

    pub(crate) fn handler_of(&self, item: &Item) -> Handler<S> {
        match item {
            Item::Event { handler, .. } => self.events[*handler as usize].handler,
            Item::Request { handler, .. } => self.requests[*handler as usize].handler,
        }
    }

    fn event<E: Event>(&mut self, handler: Handler<S>) -> &mut Self {
        let message = MessageType::event::<E>();
        if self.events.iter().all(|entry| entry.message != message) {
            self.events.push(Registration { message, handler });
        }
        self
    }

    fn request<R: Request>(&mut self, handler: Handler<S>) -> &mut Self {
        self.requests.push(Registration {
            message: MessageType::request::<R>(),
            handler,
        });
        self
    }
}

impl<S: Subscriber<Kind = Isolated>> Wiring<S> {
    /// Subscribes to `E` with a handler that waits. Repeated calls have no effect.
    pub fn on_async<E: Event>(&mut self) -> &mut Self
    where
        S: HandlesAsync<E>,
    {
        self.event::<E>(Handler::Async(handle_async::<S, E>))
    }

    /// Makes this subscriber the answerer of `R`, in order with the events, by a handler that waits.
    pub fn answers_async<R: Request>(&mut self) -> &mut Self
    where
        S: AnswersAsync<R>,
    {
        self.request::<R>(Handler::Async(answer_async::<S, R>))
    }
}

/// One handler, with its event or request.
struct Registration<S> {
    message: MessageType,
    handler: Handler<S>,
}

/// A handler without the type of its event or request. An event's handler handles all events for it
/// at the front of the turn; the number is its index in the wiring.
pub(crate) enum Handler<S> {
    Plain(fn(&mut S, u32, &mut Turn)),
    Async(for<'a> fn(&'a mut S, u32, &'a mut Turn) -> HandlerFuture<'a>),
}

impl<S> Clone for Handler<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Handler<S> {}

/// The future of one or more calls of an async handler.
type HandlerFuture<'a> = BoxFuture<'a, anyhow::Result<()>>;

fn handle<S: Handles<E>, E: Event>(state: &mut S, handler: u32, turn: &mut Turn) {
    while let Some(event) = next_event::<E>(handler, turn) {
        let span = turn.span(S::NAME).map(Span::entered);
        state.handle(&event, &mut turn.ctx);
        drop(span);
        if !turn.finish_call() {
            break;
        }
    }
}

fn answer<S: Answers<R>, R: Request>(state: &mut S, _handler: u32, turn: &mut Turn) {
    let Some((request, reply)) = next_request::<R>(turn) else {
        return;
    };
    let span = turn.span(S::NAME).map(Span::entered);
    state.answer(request, reply, &mut turn.ctx);
    drop(span);
    turn.finish_call();
}

fn handle_async<'a, S: HandlesAsync<E>, E: Event>(
    state: &'a mut S,
    handler: u32,
    turn: &'a mut Turn,
) -> HandlerFuture<'a> {
    Box::pin(async move {
        while let Some(event) = next_event::<E>(handler, turn) {
            let span = turn.span(S::NAME);
            in_span(span, state.handle(&event, &mut turn.ctx)).await?;
            if !turn.finish_call() {
                break;
            }
        }
        Ok(())
    })
}

fn answer_async<'a, S: AnswersAsync<R>, R: Request>(
    state: &'a mut S,
    _handler: u32,
    turn: &'a mut Turn,
) -> HandlerFuture<'a> {
    Box::pin(async move {
        let Some((request, reply)) = next_request::<R>(turn) else {
            return Ok(());
        };
        let span = turn.span(S::NAME);
        in_span(span, state.answer(request, reply, &mut turn.ctx)).await?;
        turn.finish_call();
        Ok(())
    })
}

fn next_event<E: Event>(handler: u32, turn: &mut Turn) -> Option<Arc<E>> {
    let payload = turn.next_event(handler)?;
    Some(payload.downcast().expect("events are routed by type"))
}

fn next_request<R: Request>(turn: &mut Turn) -> Option<(R, Reply<R::Answer>)> {
    let call = turn.next_request()?.into_any();
    let call = call
        .downcast::<Call<R>>()
        .expect("requests are routed by type");
    let Call { request, reply, .. } = *call;
    Some((request, reply))
}

async fn in_span<F: Future>(span: Option<Span>, work: F) -> F::Output {
    match span {
        Some(span) => work.instrument(span).await,
        None => work.await,
    }
}
