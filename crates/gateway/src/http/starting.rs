//! What both listeners answer while the server still starts: that it is not ready, and why.

use super::health::Health;
use super::host::Hosts;
use super::operator::{metrics, show_health};
use super::response::{self, HttpResponse, method_not_allowed, text};
use super::{Listeners, accept};
use crate::Settings;
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
/// How soon clients are told to come back.
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
            never = serve(&self.main, settings.header_timeout, people) => match never {},
            never = serve(&self.operator, settings.header_timeout, operator) => match never {},
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

/// Serves a listener for as long as it is polled.
async fn serve(
    listener: &TcpListener,
    header_timeout: Duration,
    answer: impl Fn(&Request<Incoming>) -> HttpResponse,
) -> Infallible {
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => connections.push(respond(stream, header_timeout, &answer)),
                Err(error) if accept::is_peer_error(&error) => {}
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(()) = connections.next() => {}
        }
    }
}

/// Answers one request and closes the connection.
async fn respond(
    stream: TcpStream,
    header_timeout: Duration,
    answer: impl Fn(&Request<Incoming>) -> HttpResponse,
) {
    let service = service_fn(|request| {
        let answered = answer(&request);
        async move { Ok::<_, Infallible>(answered) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A client that disconnects, violates HTTP or does not read is not worth a log line.
    let _ = tokio::time::timeout(header_timeout * 2, connection).await;
}
