//! An HTTP client: `/api/v1`, health, the page.

use crate::refusal::Refusal;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How often a server that is too busy is asked again.
const AGAIN_MAX: usize = 20;

/// An HTTP client of one server, with or without a token. Opens a new connection for each request.
#[derive(Debug, Clone)]
pub struct Api {
    address: SocketAddr,
    token: Option<String>,
}

/// An HTTP response.
#[derive(Debug)]
pub struct Answer {
    /// The status of the response.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The body of the response.
    pub body: Bytes,
}

impl Api {
    /// Returns a client of the server at this address.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            token: None,
        }
    }

    /// Returns a client that sends this bearer token.
    #[must_use]
    pub fn bearing(&self, token: &str) -> Self {
        Self {
            address: self.address,
            token: Some(token.to_owned()),
        }
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends a POST request with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send(Method::POST, path, &json, body.to_string().into())
            .await
    }

    /// Sends a POST request with a JSON body, and again when a server that is too busy says so.
    pub async fn post_patiently(&self, path: &str, body: &Value) -> Answer {
        let mut answer = self.post(path, body).await;
        for _ in 0..AGAIN_MAX {
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            let pause = answer.json()["err"]["retry_after_ms"].as_u64();
            tokio::time::sleep(Duration::from_millis(pause.unwrap_or(1000))).await;
            answer = self.post(path, body).await;
        }
        answer
    }

    /// Sends any request.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Answer {
        let answer = self.try_send(method, path, headers, body).await;
        answer.expect("HTTP is answered")
    }

    /// Sends any request.
    ///
    /// # Errors
    /// When the server is away, or goes away before it has answered.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body)).expect("a valid request");
        let called = tokio::time::timeout(Duration::from_secs(30), self.call(request));
        called.await.expect("HTTP is answered in time")
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let answer = async {
            let response = sender.send_request(request).await?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        tokio::pin!(connection);
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            // The connection may end before the response has been read from its buffer.
            _ = &mut connection => answer.await,
        }
    }
}

impl Answer {
    /// Parses the body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|why| panic!("{why}: {} {:?}", self.status, self.body))
    }

    /// Asserts success and parses the body as JSON.
    #[must_use]
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {:?}", self.status, self.body);
        self.json()
    }

    /// Asserts that the request was refused with this error name and its status.
    #[must_use]
    pub fn refused(&self, name: &str) -> Refusal {
        let refusal = Refusal::read(&self.json()["err"]).expect("an err of the protocol");
        assert_eq!(refusal.name, name, "{}", refusal.all);
        assert_eq!(
            u64::from(self.status.as_u16()),
            refusal.code,
            "the status is the code"
        );
        refusal
    }
}
