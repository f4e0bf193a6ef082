//! The gateway's own tower layers around every command.

use super::{Call, CommandReply};
use crate::Limits;
use crate::wire::{Error, INTERNAL};
use bus::panics::caught;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{BoxError, Service};
use tracing::Instrument as _;

type LayerFuture = BoxFuture<'static, Result<CommandReply, BoxError>>;

/// Makes the command's span current while it runs.
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
    S: Service<Call, Response = CommandReply, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = CommandReply;
    type Error = BoxError;
    type Future = LayerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> LayerFuture {
        let span = call.span.clone();
        let work = span.in_scope(|| self.inner.call(call));
        let logged = async move {
            let answer = work.await;
            if let Err(error) = &answer {
                tracing::debug!(%error, "command failed");
            }
            answer
        };
        Box::pin(logged.instrument(span))
    }
}

/// Turns a panic into `internal`: it costs one command, not the connection.
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
    S: Service<Call, Response = CommandReply, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = CommandReply;
    type Error = BoxError;
    type Future = LayerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> LayerFuture {
        let (op, trace) = (call.command.op().name, call.trace);
        let work = caught(self.inner.call(call));
        Box::pin(async move {
            work.await.unwrap_or_else(|panic| {
                tracing::error!(op, %trace, error = panic, "command panicked");
                Err(Error::new(&INTERNAL).into())
            })
        })
    }
}

/// Charges a command to its bucket before anything else is done for it.
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
    S: Service<Call, Response = CommandReply, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = CommandReply;
    type Error = BoxError;
    type Future = LayerFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> LayerFuture {
        match call.bucket.charge(call.command.op().cost, &self.limits) {
            Ok(()) => Box::pin(self.inner.call(call)),
            Err(empty) => Box::pin(std::future::ready(Err(empty.into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Ops;
    use crate::rate_limit::Bucket;
    use crate::wire::Fields;
    use bus::TraceId;
    use tower::service_fn;

    async fn panics(_: Call) -> Result<CommandReply, BoxError> {
        panic!("a bug")
    }

    #[tokio::test]
    async fn a_command_that_panics_is_answered_like_any_other() {
        let call = Call {
            caller: None,
            conn: None,
            id: 1,
            command: Ops::builtin().command("ping", &Fields::default()).unwrap(),
            trace: TraceId(7),
            span: tracing::Span::none(),
            bucket: Arc::new(Bucket::new(&Limits::default())),
        };
        let error = CatchPanic::new(service_fn(panics))
            .call(call)
            .await
            .err()
            .unwrap();
        let error = super::super::refusal(error, false, TraceId(7));
        assert_eq!((error.kind, error.trace), (&INTERNAL, Some(TraceId(7))));
    }
}
