//! Subscribers: state with one owner, its handlers, and how it is loaded.

use crate::{Context, Event, LoadError, Reply, Request, Wiring};
use std::future::{Future, ready};
use std::sync::Arc;

/// The kind of a subscriber that loses nothing: its queued items hold credits, so while it is stuck
/// publishers from outside wait. Its handlers are plain functions: they cannot wait.
pub struct Essential;

/// The kind of a subscriber that delays nobody: it has a ring buffer of its own and learns how much
/// it missed. Its handlers may wait.
pub struct Isolated;

/// [`Essential`] or [`Isolated`].
pub trait SubscriberKind: sealed::Sealed {}

impl SubscriberKind for Essential {}
impl SubscriberKind for Isolated {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Essential {}
    impl Sealed for super::Isolated {}
}

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
/// If a handler panics, nothing that it emitted is published, and the state is reloaded before the
/// next item. A plain handler that does not return cannot be cut: the bus logs it, and stops the
/// server if the subscriber is essential.
pub trait Subscriber: Sized + Send + 'static {
    /// Stable and unique; usually the crate's name.
    const NAME: &'static str;
    /// [`Essential`] or [`Isolated`].
    type Kind: SubscriberKind;
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
    fn turn_ended(&mut self, _ctx: &mut Context) {}

    /// Called for isolated subscribers only, when events were missed: read on from your own cursor.
    fn missed(
        &mut self,
        _missed: Missed,
        _ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        ready(Ok(()))
    }
}

/// A subscriber's handler for one type of event. It may keep the payload, but not the origin, which
/// holds a credit.
pub trait Handles<E: Event>: Subscriber {
    /// Handles the event.
    fn handle(&mut self, event: &Arc<E>, ctx: &mut Context);
}

/// A subscriber's *ordered* answer: the request takes its place among the events, and a credit if
/// the subscriber is essential.
pub trait Answers<R: Request>: Subscriber {
    /// Answers, or hands `reply` to a storage job and returns. If `reply` is dropped, the request
    /// fails at once.
    fn answer(&mut self, request: R, reply: Reply<R::Answer>, ctx: &mut Context);
}

/// An isolated subscriber's handler that waits, at most [`Settings::handler_limit`].
///
/// If it returns `Err` or overruns its limit, nothing that it emitted is published; after an overrun
/// the state is reloaded.
///
/// [`Settings::handler_limit`]: crate::Settings::handler_limit
pub trait HandlesAsync<E: Event>: Subscriber<Kind = Isolated> {
    /// Handles the event.
    fn handle(
        &mut self,
        event: &Arc<E>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// An isolated subscriber's ordered answer that waits, under the limits of [`HandlesAsync`].
pub trait AnswersAsync<R: Request>: Subscriber<Kind = Isolated> {
    /// Answers. On `Err`, or if `reply` is dropped, the request fails at once.
    fn answer(
        &mut self,
        request: R,
        reply: Reply<R::Answer>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}
