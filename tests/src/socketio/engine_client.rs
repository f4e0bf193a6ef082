//! A client of Engine.IO v4, in each way to carry its packets.

use crate::api::{Answer, Api};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, StatusCode};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Longest wait for a packet.
const LIMIT: Duration = Duration::from_secs(60);

/// How a client carries its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineMode {
    /// By polls alone.
    Polling,
    /// By a WebSocket alone.
    WebSocket,
    /// By polls until a WebSocket takes their place, as stock clients do.
    Upgrade,
}

impl EngineMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Polling, Self::WebSocket, Self::Upgrade];
}

/// The session has ended, or never began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineEnd {
    /// The server has closed it.
    Closed,
    /// The connection was lost or refused.
    Lost,
}

/// A session of Engine.IO.
#[derive(Debug)]
pub struct EngineClient {
    api: Api,
    address: SocketAddr,
    /// What the server said to the handshake.
    pub handshake: Value,
    socket: Option<WebSocketStream<TcpStream>>,
    packets: VecDeque<String>,
}

impl EngineClient {
    /// Opens a session.
    ///
    /// # Errors
    /// If the server is away or refuses it.
    pub async fn open(address: SocketAddr, mode: EngineMode) -> Result<Self, EngineEnd> {
        let mut client = Self {
            api: Api::at(address),
            address,
            handshake: Value::Null,
            socket: None,
            packets: VecDeque::new(),
        };
        if mode == EngineMode::WebSocket {
            client.socket = Some(client.dial("").await?);
        }
        let open = client.recv().await?;
        let open = open.strip_prefix('0').ok_or(EngineEnd::Lost)?;
        client.handshake = serde_json::from_str(open).map_err(|_| EngineEnd::Lost)?;
        Ok(client)
    }

    /// Returns the session's id.
    #[must_use]
    pub fn sid(&self) -> &str {
        self.handshake["sid"].as_str().unwrap_or_default()
    }

    /// Returns the path of requests.
    #[must_use]
    pub fn path(&self) -> String {
        let sid = self.sid();
        let sid = if sid.is_empty() {
            String::new()
        } else {
            format!("&sid={sid}")
        };
        format!("/socket.io/?EIO=4&transport=polling{sid}")
    }

    /// Has a WebSocket take the place of polls.
    ///
    /// # Errors
    /// If the server does not accept it.
    pub async fn upgrade(&mut self) -> Result<(), EngineEnd> {
        let mut socket = self.dial(&format!("&sid={}", self.sid())).await?;
        let send = socket.send(Message::text("2probe")).await;
        send.map_err(|_| EngineEnd::Lost)?;
        let answer = timed(socket.next()).await;
        if !matches!(&answer, Some(Ok(Message::Text(text))) if text.as_str() == "3probe") {
            return Err(EngineEnd::Lost);
        }
        // What came until now, or a noop.
        self.poll().await?;
        let send = socket.send(Message::text("5")).await;
        send.map_err(|_| EngineEnd::Lost)?;
        self.socket = Some(socket);
        Ok(())
    }

    /// Sends a packet.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn send(&mut self, packet: &str) -> Result<(), EngineEnd> {
        if let Some(socket) = &mut self.socket {
            let sent = timed(socket.send(Message::text(packet))).await;
            return sent.map_err(|_| EngineEnd::Lost);
        }
        let answer = self.request(Method::POST, packet).await?;
        if answer.status == StatusCode::OK {
            Ok(())
        } else {
            Err(EngineEnd::Lost)
        }
    }

    /// Returns the next packet that is no ping.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn recv(&mut self) -> Result<String, EngineEnd> {
        loop {
            let packet = self.packet().await?;
            match packet.as_str() {
                "2" => Box::pin(self.send("3")).await?,
                "6" => {}
                "1" => return Err(EngineEnd::Closed),
                _ => return Ok(packet),
            }
        }
    }

    /// Returns the next packet, pings too.
    ///
    /// # Errors
    /// If the session has ended.
    pub async fn packet(&mut self) -> Result<String, EngineEnd> {
        while self.packets.is_empty() {
            let Some(socket) = &mut self.socket else {
                self.poll().await?;
                continue;
            };
            match timed(socket.next()).await {
                Some(Ok(Message::Text(text))) => self.packets.push_back(text.to_string()),
                Some(Ok(Message::Close(_))) => return Err(EngineEnd::Closed),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(EngineEnd::Lost),
            }
        }
        Ok(self.packets.pop_front().expect("there is a packet"))
    }

    /// Cuts the connection.
    pub fn cut(&mut self) {
        self.socket = None;
    }

    async fn poll(&mut self) -> Result<(), EngineEnd> {
        let answer = self.request(Method::GET, "").await?;
        if answer.status != StatusCode::OK {
            return Err(EngineEnd::Lost);
        }
        let payload = String::from_utf8_lossy(&answer.body).into_owned();
        self.packets
            .extend(payload.split('\u{1e}').map(str::to_owned));
        Ok(())
    }

    async fn request(&self, method: Method, body: &str) -> Result<Answer, EngineEnd> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let asked = self.api.try_send(method, &self.path(), &[], body).await;
        asked.map_err(|_| EngineEnd::Lost)
    }

    async fn dial(&self, sid: &str) -> Result<WebSocketStream<TcpStream>, EngineEnd> {
        let url = format!(
            "ws://{}/socket.io/?EIO=4&transport=websocket{sid}",
            self.address
        );
        let dialled = async {
            let stream = TcpStream::connect(self.address).await.ok()?;
            let _ = stream.set_nodelay(true);
            Some(tokio_tungstenite::client_async(url, stream).await.ok()?.0)
        };
        timed(dialled).await.ok_or(EngineEnd::Lost)
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> T {
    let worked = tokio::time::timeout(LIMIT, work).await;
    worked.expect("Engine.IO goes on in time")
}
