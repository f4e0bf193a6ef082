//! Serves one socket from the 101 response until its end was reported.

use super::linger::linger;
use super::task::{ConnectionTask, SocketEnd};
use crate::connection::{Close, Conn, Peer, Transport};
use crate::dispatch::Dispatcher;
use crate::hub::Detach;
use crate::metrics::ClosedBy;
use crate::shared::Shared;
use bus::panics::caught;
use bus::{AskError, Request};
use bytes::Bytes;
use sessions::api::Disconnected;
use std::sync::Arc;
use std::time::Duration;

/// A connection just after its 101 response, or a new one within the process.
pub(crate) struct Upgraded {
    pub(crate) stream: Transport,
    /// Bytes that hyper had already read.
    pub(crate) read_ahead: Bytes,
    /// The network that its limits count for.
    pub(crate) peer: Peer,
}

/// Pause between two attempts to report the end of a connection.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Declares what a connection asks beside its commands, so that a missing answerer fails the start.
pub(crate) fn wire(builder: &mut bus::Builder) {
    builder.asks::<Disconnected>();
}

/// Serves a connection. Calls `entered_as_socket` at once if its network has room for one more socket;
/// a refused one still counts as an HTTP connection while it lingers.
///
/// The future is small, since every idle connection keeps it: values of the beginning are used up
/// before it is made, and the end is boxed when it comes.
pub(crate) fn serve(
    shared: Arc<Shared>,
    dispatcher: Arc<Dispatcher>,
    upgraded: Upgraded,
    entered_as_socket: &mut dyn FnMut(),
) -> impl Future<Output = ()> + Send + use<> {
    let Upgraded {
        stream,
        read_ahead,
        peer,
    } = upgraded;
    let id = shared.sockets.next_id();
    let conn = Arc::new(Conn::new(id, stream, &shared.limits).with_peer(peer));
    let max = shared.limits.connections_per_address;
    let registration = shared.sockets.register(&conn, peer, max);
    let bucket = || shared.buckets.before_hello(peer, &shared.limits);
    let new_task = || {
        let (shared, conn) = (Arc::clone(&shared), Arc::clone(&conn));
        Box::new(ConnectionTask::new(
            shared,
            dispatcher,
            conn,
            read_ahead,
            bucket(),
        ))
    };
    let task = registration.is_some().then(new_task);
    if task.is_some() {
        entered_as_socket();
    }
    async move {
        let Some(mut task) = task else {
            conn.close(Close::CONNECTIONS);
            shared.metrics.sockets.ended(closed_by(&conn, REJECTED));
            return Box::pin(linger(&conn, REJECTED, None)).await;
        };
        let end = run(&mut task, &conn).await;
        shared.metrics.sockets.ended(closed_by(&conn, end));
        Box::pin(finish(&shared, &conn, task, end)).await;
        drop(registration);
    }
}

/// Lingers and, at the same time, reports that the connection has ended.
async fn finish(shared: &Shared, conn: &Conn, mut task: Box<ConnectionTask>, end: SocketEnd) {
    let hello_attempted = task.has_attempted_hello();
    let lingering = async {
        linger(conn, end, Some(&mut task)).await;
        drop(task);
    };
    let reporting = async {
        if hello_attempted {
            report_end(shared, conn, end).await;
        }
    };
    futures_util::future::join(lingering, reporting).await;
}

const REJECTED: SocketEnd = SocketEnd::ByServer {
    clean: false,
    ignore_input: true,
};

/// Returns how the connection ended, for the metrics.
fn closed_by(conn: &Conn, end: SocketEnd) -> ClosedBy {
    match (end, conn.egress().closing()) {
        (SocketEnd::ByServer { .. }, Some(close)) => ClosedBy::Server(close.code),
        (SocketEnd::ByClient { .. }, _) => ClosedBy::Client,
        (SocketEnd::ByServer { .. } | SocketEnd::Lost, _) => ClosedBy::Lost,
    }
}

/// Runs the task; a panic closes the connection, and the cleanup still happens.
async fn run(task: &mut ConnectionTask, conn: &Conn) -> SocketEnd {
    caught(task.run()).await.unwrap_or_else(|panic| {
        tracing::error!(
            connection = conn.id.0,
            error = panic,
            "connection task panicked"
        );
        conn.close(Close::INTERNAL);
        REJECTED
    })
}

/// Reports the end of the connection to the hub and to sessions. Sessions hears nothing while the
/// server stops, so that its users stay connected across the restart.
async fn report_end(shared: &Shared, conn: &Conn, end: SocketEnd) {
    let connection = conn.id;
    ask_until_answered(shared, || Detach { connection }).await;
    let clean = matches!(
        end,
        SocketEnd::ByServer { clean: true, .. } | SocketEnd::ByClient { clean: true }
    );
    if !conn.is_draining() {
        ask_until_answered(shared, || Disconnected { connection, clean }).await;
    }
}

/// Repeats the request until it is answered or the server stops.
async fn ask_until_answered<R: Request>(shared: &Shared, request: impl Fn() -> R) {
    while let Err(error) = shared.bus.ask(request(), shared.limits.ask_within).await {
        if error == AskError::Draining || shared.tasks.stopping().is_cancelled() {
            return;
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionTask;
    use crate::connection::{Peer, Stream};
    use crate::{Gateway, Limits};
    use bus::{Builder, Settings, Tasks};
    use bytes::Bytes;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    /// Thousands of connections are idle at once. If you need more: is it needed while idle?
    #[tokio::test]
    async fn an_idle_connection_takes_little_memory() {
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(Settings::default(), &tasks);
        let gateway = Gateway::wire(&mut builder, &tasks, Limits::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let stream = Stream::new(client).unwrap();
        let serving = gateway.serve(stream, Bytes::new(), Peer::of(address.ip()));
        let size = size_of_val(&serving);
        assert!(size <= 320, "its future: {size} bytes");
        let size = size_of::<ConnectionTask>();
        // 768 is a size of the allocator's, and the one below is 640.
        assert!(size <= 768, "its task: {size} bytes");
    }
}
