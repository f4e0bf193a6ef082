//! The client of the collector: posts OTLP protobuf over plain HTTP/1.1, one connection per batch.

use crate::config::{Endpoint, TraceSettings};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message as _;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest response that is read, in bytes; a normal one is almost empty.
const RESPONSE_MAX: usize = 64 * 1024;

/// The collector that receives the spans.
pub(super) struct Collector {
    endpoint: Endpoint,
    headers: HeaderMap,
    within: Duration,
}

impl Collector {
    /// Returns the collector of the settings; `None` without an endpoint or if tracing is disabled.
    pub(super) fn new(settings: &TraceSettings) -> Option<Self> {
        let endpoint = settings.endpoint.clone().filter(|_| !settings.disabled)?;
        let headers = settings.headers.iter();
        Some(Self {
            endpoint,
            headers: headers
                .map(|one| (one.name.clone(), one.value.clone()))
                .collect(),
            within: settings.timeout,
        })
    }

    /// Sends spans and returns how many of them the collector rejected.
    pub(super) async fn export(&self, spans: &ExportTraceServiceRequest) -> anyhow::Result<u64> {
        let response = timeout(self.within, self.post(spans.encode_to_vec().into())).await;
        let response = response.with_context(|| format!("no response in {:?}", self.within))??;
        // A response that cannot be decoded counts as success.
        let response = ExportTraceServiceResponse::decode(response).unwrap_or_default();
        let rejected = response
            .partial_success
            .map_or(0, |part| part.rejected_spans);
        Ok(rejected.try_into().unwrap_or(0))
    }

    async fn post(&self, body: Bytes) -> anyhow::Result<Bytes> {
        let Endpoint { host, port, path } = &self.endpoint;
        let stream = TcpStream::connect((host.as_str(), *port)).await;
        let stream = stream.context("cannot connect")?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut request = Request::post(path)
            .header(header::HOST, self.endpoint.authority())
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header(header::CONNECTION, "close")
            .body(Full::new(body))?;
        request.headers_mut().extend(self.headers.clone());
        let exchange = async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), RESPONSE_MAX)
                .collect()
                .await;
            anyhow::Ok((status, body.map_err(anyhow::Error::from_boxed)?.to_bytes()))
        };
        tokio::pin!(connection, exchange);
        let response = tokio::select! {
            response = &mut exchange => response,
            // The connection may end before the response has been read from its buffer.
            _ = &mut connection => exchange.await,
        };
        let (status, body) = response?;
        if !status.is_success() {
            bail!("the collector answered {status}");
        }
        Ok(body)
    }
}
