//! A client over a real socket.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longest wait for the server.
const LIMIT: Duration = Duration::from_secs(20);

/// A person who is connected. Everything that takes more than twenty seconds panics.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    next_id: u64,
    pushes: VecDeque<Value>,
    token: String,
    name: String,
}

impl Client {
    /// Connects with this `hello`.
    pub(super) async fn hello(address: SocketAddr, identity: Value) -> Self {
        let connecting = async {
            let tcp = TcpStream::connect(address).await?;
            let mut request = format!("ws://{address}/ws").into_client_request()?;
            let protocol = HeaderValue::from_static("parlor.v1");
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
            anyhow::Ok(client_async(request, tcp).await?.0)
        };
        let connected = timeout(LIMIT, connecting).await;
        let socket = connected
            .expect("the server answers")
            .expect("it accepts a socket");
        let mut client = Self {
            socket,
            next_id: 1,
            pushes: VecDeque::new(),
            token: String::new(),
            name: String::new(),
        };
        let mut hello = identity;
        hello["subscribe"] = json!("all");
        let welcome = client.ok("hello", hello).await;
        client.token = text(&welcome["token"]);
        client.name = text(&welcome["user"]["name"]);
        client
    }

    /// Returns the session's token, with which the same person connects again.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the person's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a command and returns its `ok`, or its `err`.
    pub async fn ask(&mut self, op: &str, d: Value) -> Result<Value, Value> {
        let id = self.next_id;
        self.next_id += 1;
        let frame = json!({ "id": id, "op": op, "d": d }).to_string();
        let sent = timeout(LIMIT, self.socket.send(Message::text(frame))).await;
        sent.expect("the server reads").expect("the socket is open");
        loop {
            let mut frame = self.frame().await;
            if frame["id"] == id {
                return match frame.get_mut("err") {
                    Some(error) => Err(error.take()),
                    None => Ok(frame["ok"].take()),
                };
            }
            self.pushes.push_back(frame);
        }
    }

    /// Sends a command that must succeed, and returns its `ok`.
    pub async fn ok(&mut self, op: &str, d: Value) -> Value {
        let answer = self.ask(op, d.clone()).await;
        answer.unwrap_or_else(|error| panic!("{op} {d} was refused: {error}"))
    }

    /// Joins a room, or creates it as a public one.
    pub async fn join(&mut self, room: &str) {
        if self.ask("join", json!({ "room": room })).await.is_err() {
            self.ok("room.create", json!({ "name": room, "kind": "public" }))
                .await;
            self.ok("join", json!({ "room": room })).await;
        }
    }

    /// Says something in a room, and returns its place in the log.
    pub async fn say(&mut self, room: &str, body: &str) -> i64 {
        static CIDS: AtomicU64 = AtomicU64::new(1);
        let number = CIDS.fetch_add(1, Ordering::Relaxed);
        let cid = format!("testing-{}-{number}", std::process::id());
        let d = json!({ "room": room, "cid": cid, "body": body });
        let sent = self.ok("send", d).await;
        sent["seq"].as_i64().expect("a message has a seq")
    }

    /// Waits for the next push of this kind, such as `entry`; pushes before it are dropped.
    pub async fn next(&mut self, kind: &str) -> Value {
        loop {
            let push = match self.pushes.pop_front() {
                Some(push) => push,
                None => self.frame().await,
            };
            if push["ev"] == kind {
                return push;
            }
        }
    }

    async fn frame(&mut self) -> Value {
        loop {
            let next = timeout(LIMIT, self.socket.next()).await;
            let message = next
                .expect("the server sends something")
                .expect("the socket is open");
            match message.expect("the socket is open") {
                Message::Text(text) => {
                    return serde_json::from_str(&text).expect("the server sends JSON");
                }
                Message::Close(close) => panic!("the server closed the socket: {close:?}"),
                _ => {}
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
