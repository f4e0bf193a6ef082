//! One HTTP connection: how long it may take, and how it ends.

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

/// After this long a connection takes no further request: a browser opens another one.
const LIFE: Duration = Duration::from_secs(60);
/// How long one that was let in just before a stop has for its first request.
const FIRST: Duration = Duration::from_millis(250);
/// hyper's own floor for its read buffer.
const BUFFER_MIN: usize = 8 * 1024;

/// Serves it until it has ended, become a socket, lived its time, or `stop` comes; a request under
/// way then has `last` left for its answer, and is entered in `under_way`.
pub(super) async fn serve<A, F, B>(
    stream: Stream,
    settings: &Settings,
    last: Duration,
    stop: CancellationToken,
    under_way: &TaskTracker,
    answer: A,
) where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
{
    let asked = Notify::new();
    // From the first request on until the connection has ended, with all that was to be said on it.
    let heard = OnceLock::new();
    let service = service_fn(|request| {
        let asks_again = heard.get().is_some();
        heard.get_or_init(|| under_way.token());
        asked.notify_one();
        let answered = answer(request);
        async move {
            // A client that sends requests without pause would own a thread: others go first, and
            // whoever has just become ready by a socket or a timer.
            if asks_again {
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
        // A client that breaks off, or breaks HTTP, is no news.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(LIFE) => {}
    }
    // hyper hangs up at once on whoever it has not heard yet, also when the request is there to be
    // read.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = asked.notified() => {}
        () = tokio::time::sleep(FIRST) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(last, connection).await;
}
