//! The collector: OTLP as protobuf, posted over plain HTTP/1.1, one connection for each batch.

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

/// The longest answer that is read: it says little more than yes.
const ANSWER_MAX: usize = 64 * 1024;

/// Where spans go.
pub(super) struct Collector {
    endpoint: Endpoint,
    headers: HeaderMap,
    within: Duration,
}

impl Collector {
    /// The one in the settings.
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

    /// Sends spans; how many of them it did not want.
    pub(super) async fn take(&self, spans: &ExportTraceServiceRequest) -> anyhow::Result<u64> {
        let answer = timeout(self.within, self.post(spans.encode_to_vec().into())).await;
        let answer = answer.with_context(|| format!("no answer in {:?}", self.within))??;
        // An answer that cannot be read is no complaint.
        let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
        let rejected = answer.partial_success.map_or(0, |part| part.rejected_spans);
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
        let answered = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
            anyhow::Ok((status, body.map_err(anyhow::Error::from_boxed)?.to_bytes()))
        };
        tokio::pin!(connection, answered);
        let answered = tokio::select! {
            answered = &mut answered => answered,
            // The connection may end before the answer has been taken out of it.
            _ = &mut connection => answered.await,
        };
        let (status, body) = answered?;
        if !status.is_success() {
            bail!("it answers {status}");
        }
        Ok(body)
    }
}
