//! What a subscriber is: state with one owner, its handlers, and how it is made again.

use crate::{AskError, Event, Origin, Reply, Request, TraceId};
use std::future::Future;
use std::sync::Arc;

/// Why a subscriber could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its database is away: tried again with back-off for as long as it takes.
    #[error("storage is away: {0:#}")]
    Away(anyhow::Error),
    /// Anything else: three times within a minute stop the server, if the subscriber is essential.
    #[error("cannot load: {0:#}")]
    Broken(anyhow::Error),
}

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
    type Seed: Send + Sync + 'static;

    /// Makes the state from storage: at the start, and again after a panic or an overrun.
    fn load(seed: &Self::Seed) -> impl Future<Output = Result<Self, LoadError>> + Send;

    /// Declares what it handles and answers: `wiring.on::<E>(); wiring.answers::<R>();`.
    fn wire(wiring: &mut Wiring<Self>);

    /// The most events taken as one turn; 1 means one by one.
    const TURN_MAX: usize = 64;

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
    /// Answers, or hands `reply` to a storage job and ends. `Err` or a dropped reply: the asker is
    /// told at once.
    fn answer(
        &mut self,
        request: R,
        reply: Reply<R::Answer>,
        ctx: &mut Context,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// A *concurrent* answer: beside every queue, under a semaphore of its own, no credit.
pub trait Reads<R: Request>: Send + Sync + 'static {
    /// Reads. Runs in the asker's own task under the time it gave.
    fn read(
        &self,
        request: R,
        trace: TraceId,
    ) -> impl Future<Output = Result<R::Answer, AskError>> + Send;
}

/// What a handler may do besides changing its state.
pub struct Context {
    _private: (),
}

impl Context {
    /// States a fact in reaction: on the bus when the handler has ended well, not before.
    pub fn emit<E: Event>(&mut self, _event: E) {
        unimplemented!()
    }
    /// Where the thing being handled came from; jobs handed to storage ride on it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        unimplemented!()
    }
}

/// The list of what a subscriber handles and answers.
pub struct Wiring<S> {
    _s: std::marker::PhantomData<fn(S)>,
}

impl<S: Subscriber> Wiring<S> {
    /// It sees every `E`.
    pub fn on<E: Event>(&mut self) -> &mut Self
    where
        S: Handles<E>,
    {
        unimplemented!()
    }
    /// It is the one that answers `R`, in order.
    pub fn answers<R: Request>(&mut self) -> &mut Self
    where
        S: Answers<R>,
    {
        unimplemented!()
    }
}
