//! A trace collector that accepts or stalls requests.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span as Sent, status::StatusCode};
use prost::Message as _;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longest wait for something to arrive.
const ARRIVES: Duration = Duration::from_secs(20);

/// Any free port.
const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A collector on its own port. Dropping it ends all its connections.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    seen: Arc<watch::Sender<Collected>>,
    _tasks: JoinSet<()>,
}

/// Everything that has arrived.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// All spans in order of arrival.
    pub spans: Vec<Span>,
    /// The resource attributes of the servers.
    pub resource: BTreeMap<String, String>,
    /// The headers of the last request.
    pub headers: HeaderMap,
    /// The raw bodies.
    pub bytes: Vec<u8>,
    /// Number of requests, including stalled ones.
    pub requests: usize,
}

/// One exported span.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The span's name.
    pub name: String,
    /// The trace id, 32 hex digits.
    pub trace: String,
    /// The span's own id.
    pub id: String,
    /// The id of the parent span; empty for a root.
    pub parent: String,
    /// The span's attributes.
    pub attributes: BTreeMap<String, String>,
    /// Whether the status is an error.
    pub failed: bool,
    /// Duration in nanoseconds.
    pub took: u64,
}

impl Collector {
    /// Starts a collector that accepts all requests.
    pub async fn start() -> Self {
        Self::listening(true, ANY).await
    }

    /// Starts a collector that accepts all requests, at a given address.
    pub async fn start_at(address: SocketAddr) -> Self {
        Self::listening(true, address).await
    }

    /// Starts a collector that accepts requests and never answers.
    pub async fn silent() -> Self {
        Self::listening(false, ANY).await
    }

    async fn listening(answers: bool, at: SocketAddr) -> Self {
        let listener = TcpListener::bind(at).await;
        let listener = listener.expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let seen = Arc::new(watch::Sender::new(Collected::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&seen), answers));
        Self {
            address,
            seen,
            _tasks: tasks,
        }
    }

    /// Returns the value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what has arrived so far.
    #[must_use]
    pub fn collected(&self) -> Collected {
        self.seen.borrow().clone()
    }

    /// Waits until what has arrived satisfies a condition.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Collected) -> bool) -> Collected {
        let mut seen = self.seen.subscribe();
        let arrived = tokio::time::timeout(ARRIVES, seen.wait_for(|seen| wanted(seen))).await;
        if let Ok(Ok(collected)) = arrived {
            return collected.clone();
        }
        panic!("{what}: {:#?}", self.collected().spans)
    }
}

impl Collected {
    /// Returns the spans of one trace with this name.
    #[must_use]
    pub fn of(&self, trace: &str, name: &str) -> Vec<&Span> {
        let spans = self.spans.iter();
        spans
            .filter(|span| span.trace == trace && span.name == name)
            .collect()
    }

    /// Returns the first span with this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&Span> {
        self.spans.iter().find(|span| span.name == name)
    }

    /// Returns whether this text occurs anywhere in the requests.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        let text = text.as_bytes();
        self.bytes.windows(text.len()).any(|bytes| bytes == text)
    }
}

async fn accept(listener: TcpListener, seen: Arc<watch::Sender<Collected>>, answers: bool) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        let service = service_fn(move |request| take(request, Arc::clone(&seen), answers));
        connections.spawn(async move {
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A server may disconnect in the middle of a request.
            let _ = served.await;
        });
    }
}

async fn take(
    request: Request<Incoming>,
    seen: Arc<watch::Sender<Collected>>,
    answers: bool,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    seen.send_modify(|seen| seen.requests += 1);
    if !answers {
        pending::<()>().await;
    }
    assert_eq!(request.uri().path(), "/v1/traces");
    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
    let (head, body) = request.into_parts();
    if let Ok(body) = body.collect().await {
        let body = body.to_bytes();
        let sent = ExportTraceServiceRequest::decode(body.clone()).expect("OTLP as protobuf");
        seen.send_modify(|seen| {
            for resource in sent.resource_spans {
                seen.resource = attributes(resource.resource.unwrap_or_default().attributes);
                let scopes = resource.scope_spans.into_iter();
                seen.spans
                    .extend(scopes.flat_map(|scope| scope.spans).map(Span::from));
            }
            seen.headers = head.headers;
            seen.bytes.extend(body);
        });
    }
    Ok(Response::new(Empty::new()))
}

impl From<Sent> for Span {
    fn from(sent: Sent) -> Self {
        let failed = sent
            .status
            .is_some_and(|status| status.code() == StatusCode::Error);
        Self {
            name: sent.name,
            trace: hex(&sent.trace_id),
            id: hex(&sent.span_id),
            parent: hex(&sent.parent_span_id),
            attributes: attributes(sent.attributes),
            failed,
            took: sent
                .end_time_unix_nano
                .saturating_sub(sent.start_time_unix_nano),
        }
    }
}

fn attributes(all: Vec<KeyValue>) -> BTreeMap<String, String> {
    let all = all.into_iter();
    all.map(|one| (one.key, text(one.value.and_then(|value| value.value))))
        .collect()
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
