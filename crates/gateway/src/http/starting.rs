//! What both listeners answer while the server still starts: that it is not ready, and why.

use super::admission::{Admission, ConnectionSlot};
use super::client_address;
use super::health::Health;
use super::host::Hosts;
use super::http1::read_buffer_max;
use super::operator::{metrics, show_health};
use super::response::{self, HttpResponse, method_not_allowed, text};
use super::{Listeners, accept};
use crate::Settings;
use crate::connection::Peer;
use crate::metrics::MetricsPage;
use crate::rejections::Rejections;
use crate::wire::Error;
use bus::AskError;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Most connections of one listener at a time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 256;
/// Pause after the kernel failed to accept a connection, most likely for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
/// When clients should come back.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Listeners {
    /// Answers on both listeners until `work` is done: health pages and metrics with what there is, and
    /// everything else with 503. Spawns nothing; a connection that is open at the end is closed.
    pub async fn while_starting<T>(
        &self,
        health: &Health,
        settings: &Settings,
        work: impl Future<Output = T>,
    ) -> T {
        let mut page = MetricsPage::empty();
        page.add(health.clone());
        let rejections = Rejections::default();
        let (public, own) = (
            Hosts::of_public(&settings.public_names),
            Hosts::of_operator(&settings.operator_names),
        );
        let people = |request: &Request<Incoming>| match public.check(request) {
            Ok(()) => not_ready(health, request),
            Err(wrong) => public.refuse(wrong, &rejections),
        };
        let operator = |request: &Request<Incoming>| match own.check(request) {
            Ok(()) => show(health, &page, request),
            Err(wrong) => own.refuse(wrong, &rejections),
        };
        tokio::select! {
            biased;
            done = work => done,
            never = serve(&self.main, settings, settings.http_per_address, people) => match never {},
            never = serve(&self.operator, settings, CONNECTIONS_MAX, operator) => match never {},
        }
    }
}

fn not_ready(health: &Health, request: &Request<Incoming>) -> HttpResponse {
    if request.uri().path() == "/health" {
        let status = health.status();
        return text(status.code(), status.as_str());
    }
    let retry_after = RETRY_AFTER;
    response::error(&Error::from(AskError::Unavailable { retry_after }))
}

fn show(health: &Health, page: &MetricsPage, request: &Request<Incoming>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return method_not_allowed("GET, HEAD");
    }
    match request.uri().path() {
        "/metrics" => metrics(page),
        path => show_health(health, path),
    }
}

/// Serves a listener for as long as it is polled. A network that has its share of the connections
/// gets no further one.
async fn serve(
    listener: &TcpListener,
    settings: &Settings,
    per_network: usize,
    answer: impl Fn(&Request<Incoming>) -> HttpResponse,
) -> Infallible {
    let admission = Admission::new(CONNECTIONS_MAX, per_network);
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, peer)) => {
                    let is_proxy = client_address::is_trusted(peer.ip(), &settings.trusted_proxies);
                    if let Ok(slot) = admission.enter((!is_proxy).then(|| Peer::of(peer.ip()))) {
                        connections.push(respond(stream, slot, settings, &answer));
                    }
                }
                Err(error) if accept::is_peer_error(&error) => {}
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(()) = connections.next() => {}
        }
    }
}

/// Answers one request and closes the connection, which has its slot until then.
async fn respond(
    stream: TcpStream,
    _slot: ConnectionSlot,
    settings: &Settings,
    answer: impl Fn(&Request<Incoming>) -> HttpResponse,
) {
    let service = service_fn(|request| {
        let answered = answer(&request);
        async move { Ok::<_, Infallible>(answered) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_buf_size(read_buffer_max(settings))
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A client that disconnects, violates HTTP or does not read is not worth a log line.
    let _ = tokio::time::timeout(settings.header_timeout * 2, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpSocket;

    /// Serves a listener with these settings, and does this meanwhile.
    async fn beside<F: Future>(
        settings: Settings,
        client: impl FnOnce(std::net::SocketAddr) -> F,
    ) -> F::Output {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = |_: &Request<Incoming>| text(StatusCode::SERVICE_UNAVAILABLE, "not yet");
        tokio::select! {
            never = serve(&listener, &settings, settings.http_per_address, answer) => match never {},
            done = client(address) => done,
        }
    }

    async fn connect(from: &str, to: std::net::SocketAddr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        socket.connect(to).await.unwrap()
    }

    /// Returns the first line of the response; empty if the connection ended instead.
    async fn asked(stream: &mut TcpStream, cookie: usize) -> String {
        let cookie = "x".repeat(cookie);
        let head = format!("GET / HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
        let mut response = Vec::new();
        // The server may have closed the connection before it has read everything.
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.read_to_end(&mut response).await;
        let response = String::from_utf8(response).unwrap();
        response.lines().next().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn silent_connections_of_one_network_leave_room_for_others() {
        let settings = Settings {
            http_per_address: 2,
            ..Settings::default()
        };
        beside(settings, |address| async move {
            let silent = [
                connect("127.0.0.1", address).await,
                connect("127.0.0.1", address).await,
            ];
            let refused = asked(&mut connect("127.0.0.1", address).await, 1).await;
            assert_eq!(refused, "");
            let other = asked(&mut connect("127.0.0.2", address).await, 1).await;
            assert!(other.contains(" 503 "), "{other}");
            drop(silent);
        })
        .await;
    }

    #[tokio::test]
    async fn a_head_may_be_as_long_as_later() {
        beside(Settings::default(), |address| async move {
            let long = asked(&mut connect("127.0.0.1", address).await, 7_000).await;
            assert!(long.contains(" 503 "), "{long}");
            let longer = asked(&mut connect("127.0.0.1", address).await, 100_000).await;
            assert!(!longer.contains(" 503 "), "{longer}");
        })
        .await;
    }
}
