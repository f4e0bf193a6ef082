//! Serves one HTTP/1.1 connection within its time limits.

use crate::Settings;
use crate::connection::Stream;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::BoxError;

/// After this long a connection takes no further request; a browser opens another one.
const LIFETIME: Duration = Duration::from_secs(60);
/// Time for the first request of a connection accepted just before a stop.
const FIRST_REQUEST_WITHIN: Duration = Duration::from_millis(250);
/// hyper's minimum for its read buffer, bytes.
const BUFFER_MIN: usize = 8 * 1024;

/// Serves a connection until it ends, is upgraded, has lived its time, or `stop` comes. A running request
/// then has `drain_timeout` left. Holds a token of `requests` from the first request on.
pub(super) async fn serve<A, F, B>(
    stream: Stream,
    settings: &Settings,
    drain_timeout: Duration,
    stop: CancellationToken,
    requests: &TaskTracker,
    answer: A,
) where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
{
    let requested = Notify::new();
    // Held from the first request until the connection has ended and its responses are sent.
    let request_token = OnceLock::new();
    let service = service_fn(|request| {
        let is_repeated = request_token.get().is_some();
        request_token.get_or_init(|| requests.token());
        requested.notify_one();
        let answered = answer(request);
        async move {
            // Otherwise a client that sends requests without pause would own a thread: all ready
            // tasks, sockets and timers go first.
            if is_repeated {
                tokio::task::yield_now().await;
            }
            Ok::<_, Infallible>(answered.await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_buf_size(settings.header_bytes_max.max(BUFFER_MIN))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A client that disconnects or violates HTTP is not worth a log line.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(LIFETIME) => {}
    }
    // On shutdown hyper closes a connection without a request at once, even if one could be read.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = requested.notified() => {}
        () = tokio::time::sleep(FIRST_REQUEST_WITHIN) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(drain_timeout, connection).await;
}
