//! The layers of our own around every command.

use super::{Answer, Call};
use crate::Limits;
use crate::wire::{Error, INTERNAL};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Service};
use tracing::Instrument as _;

type Answering = BoxFuture<'static, Result<Answer, BoxError>>;

/// A span around each command, under the trace that follows it through the house.
#[derive(Clone)]
pub(super) struct Trace<S> {
    inner: S,
}

impl<S> Trace<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Call> for Trace<S>
where
    S: Service<Call, Response = Answer, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Answering {
        let span =
            tracing::debug_span!("command", op = call.command.op().name, trace = %call.trace);
        let work = span.in_scope(|| self.inner.call(call));
        let told = async move {
            let answer = work.await;
            if let Err(error) = &answer {
                tracing::debug!(%error, "declined");
            }
            answer
        };
        Box::pin(told.instrument(span))
    }
}

/// A panic costs one command, not the connection.
#[derive(Clone)]
pub(super) struct CatchPanic<S> {
    inner: S,
}

impl<S> CatchPanic<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Call> for CatchPanic<S>
where
    S: Service<Call, Response = Answer, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Answering {
        let (op, trace) = (call.command.op().name, call.trace);
        let work = AssertUnwindSafe(self.inner.call(call)).catch_unwind();
        Box::pin(async move {
            work.await.unwrap_or_else(|_| {
                tracing::error!(op, %trace, "a command panicked");
                Err(Error::new(&INTERNAL).into())
            })
        })
    }
}

/// What a command costs is taken from its bucket before anything else is done for it.
#[derive(Clone)]
pub(super) struct RateLimit<S> {
    inner: S,
    limits: Arc<Limits>,
}

impl<S> RateLimit<S> {
    pub(super) fn new(inner: S, limits: &Limits) -> Self {
        Self {
            inner,
            limits: Arc::new(limits.clone()),
        }
    }
}

impl<S> Service<Call> for RateLimit<S>
where
    S: Service<Call, Response = Answer, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Answering {
        match call.bucket.pay(call.command.op().cost, &self.limits) {
            Ok(()) => Box::pin(self.inner.call(call)),
            Err(empty) => Box::pin(std::future::ready(Err(empty.into()))),
        }
    }
}
