//! The layers around every request, whichever listener it came to.

use super::answer::{self, Answer};
use crate::wire::{Error, INTERNAL};
use bus::TraceId;
use bus::panics::caught;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, service_fn};
use tower_http::trace::TraceLayer;
use tracing::{Level, Span};

/// A response on its way out.
pub(super) type Out = Response<UnsyncBoxBody<bytes::Bytes, BoxError>>;

/// A request handler behind the layers: trace, catch-panic.
pub(super) type Stack = BoxCloneSyncService<Request<Incoming>, Out, Infallible>;

/// Puts the layers around `answer`.
pub(super) fn around<A, F>(answer: A) -> Stack
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let service =
        ServiceBuilder::new()
            .map_response(|response: Response<_>| response.map(boxed))
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(span)
                    .on_request(())
                    .on_response(|response: &Response<_>, took: Duration, _: &Span| {
                        let status = response.status().as_u16();
                        tracing::debug!(status, took_ms = took.as_millis(), "answered");
                    })
                    .on_failure(()),
            )
            .service(service_fn(move |request| {
                let answered = caught(answer(request));
                async move {
                    Ok::<_, Infallible>(answered.await.unwrap_or_else(|panic| panicked(&panic)))
                }
            }));
    BoxCloneSyncService::new(service)
}

/// What a panic leaves to say.
fn panicked(panic: &str) -> Answer {
    let trace = TraceId::random();
    tracing::error!(%trace, error = panic, "a request panicked");
    answer::error(&Error::new(&INTERNAL).traced(trace))
}

fn boxed<B>(body: B) -> UnsyncBoxBody<bytes::Bytes, BoxError>
where
    B: hyper::body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    use http_body_util::BodyExt as _;
    body.map_err(Into::into).boxed_unsync()
}

/// Method and path; a query may hold anything, so it is left out.
fn span(request: &Request<Incoming>) -> Span {
    tracing::span!(Level::DEBUG, "http", method = %request.method(), path = request.uri().path())
}
