//! The tower layers around every request of both listeners.

use super::mount::Mounts;
use super::request_trace::RequestTrace;
use super::response::{self, HttpResponse};
use super::routes;
use crate::wire::{Error, INTERNAL};
use bus::panics::caught;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, service_fn};
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::{Empty, display};

/// A response behind the layers.
pub(super) type BoxedResponse = Response<UnsyncBoxBody<bytes::Bytes, BoxError>>;

/// A request handler behind the layers trace and catch-panic.
pub(super) type HttpService = BoxCloneSyncService<Request<Incoming>, BoxedResponse, Infallible>;

/// Wraps `answer` in the layers.
pub(super) fn layered<A, F>(mounts: Arc<Mounts>, answer: A) -> HttpService
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = HttpResponse> + Send + 'static,
{
    let service = ServiceBuilder::new()
        .map_request(RequestTrace::attach)
        .map_response(|response: Response<_>| response.map(boxed))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(move |request: &Request<_>| span(request, &mounts))
                .on_request(())
                .on_response(|response: &Response<_>, took: Duration, span: &Span| {
                    let status = i64::from(response.status().as_u16());
                    span.record("http.response.status_code", status);
                    tracing::debug!(status, took_ms = took.as_millis(), "sent response");
                })
                .on_failure(()),
        )
        .service(service_fn(move |request| {
            let traced = RequestTrace::of(&request);
            let answered = caught(answer(request));
            async move {
                let answered = answered.await;
                Ok::<_, Infallible>(answered.unwrap_or_else(|panic| panic_response(traced, &panic)))
            }
        }));
    BoxCloneSyncService::new(service)
}

/// Logs a panic and returns 500.
fn panic_response(RequestTrace { trace, .. }: RequestTrace, panic: &str) -> HttpResponse {
    tracing::error!(%trace, error = panic, "request handler panicked");
    response::error(&Error::new(&INTERNAL).traced(trace))
}

fn boxed<B>(body: B) -> UnsyncBoxBody<bytes::Bytes, BoxError>
where
    B: hyper::body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    use http_body_util::BodyExt as _;
    body.map_err(Into::into).boxed_unsync()
}

/// Makes a request's span, with method and route only: a path and its query may hold anything. Page and
/// health requests, which come all the time, get a span at trace level.
fn span(request: &Request<Incoming>, mounts: &Mounts) -> Span {
    let method = request.method();
    let route = routes::route(request.uri().path(), mounts);
    let RequestTrace { trace, parent } = RequestTrace::of(request);
    let parent = parent.map(display);
    if !route.starts_with('/') {
        return tracing::trace_span!("http", "http.request.method" = %method, "http.route" = route, %trace, "http.response.status_code" = Empty);
    }
    tracing::debug_span!("http", "http.request.method" = %method, "http.route" = route, %trace, parent, "http.response.status_code" = Empty)
}
