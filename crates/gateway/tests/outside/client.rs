//! Clients over TCP: HTTP, one request per connection, and sockets.

use crate::stage::{LIMIT, Stage};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// The response to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn error(&self) -> Value {
        self.json()["err"]["name"].clone()
    }
}

/// Sends a request, with these lines in its head, and reads the response.
pub(crate) async fn request(stage: &Stage, line: &str, head: &[&str], body: &str) -> Answer {
    timeout(LIMIT, exchange(stage.address, line, head, body))
        .await
        .expect("a response")
}

pub(crate) async fn get(stage: &Stage, path: &str, head: &[&str]) -> Answer {
    request(stage, &format!("GET {path}"), head, "").await
}

pub(crate) async fn post(stage: &Stage, path: &str, head: &[&str], body: &str) -> Answer {
    request(stage, &format!("POST {path}"), head, body).await
}

pub(crate) async fn exchange(
    address: std::net::SocketAddr,
    line: &str,
    head: &[&str],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut text = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    if !head.iter().any(|line| line.starts_with("connection:")) {
        text.push_str("connection: close\r\n");
    }
    for line in head {
        text.push_str(line);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        write!(text, "content-length: {}\r\n", body.len()).unwrap();
    }
    text.push_str("\r\n");
    text.push_str(body);
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    Answer {
        status: head[9..12].parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) async fn connect(stage: &Stage, path: &str) -> Self {
        let stream = TcpStream::connect(stage.address).await.unwrap();
        let url = format!("ws://127.0.0.1{path}");
        let connected = timeout(LIMIT, client_async(url, stream)).await;
        Self(connected.expect("a response").expect("a handshake").0)
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.0
            .send(Message::Text(text.into().into()))
            .await
            .unwrap();
    }

    pub(crate) async fn next(&mut self) -> Message {
        loop {
            let next = timeout(LIMIT, self.0.next()).await.expect("a message");
            match next.expect("an open socket").expect("a message") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        self.next().await.into_text().unwrap().to_string()
    }

    pub(crate) async fn closed(&mut self) -> u16 {
        match self.next().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }

    /// Sends a command and returns the reply; pushes in between are skipped.
    pub(crate) async fn call(&mut self, id: u64, op: &str, d: Value) -> Value {
        self.send(json!({"id": id, "op": op, "d": d}).to_string())
            .await;
        loop {
            let frame: Value = serde_json::from_str(&self.text().await).unwrap();
            if frame["id"] == id {
                return frame;
            }
        }
    }
}
