//! What carries a session's packets at the moment.

use super::EngineError;
use extension::{Socket, SocketFrame};
use std::fmt;
use std::future::pending;
use tokio::sync::oneshot;

/// A WebSocket of a client, and who waits for its end.
pub(crate) struct ClientSocket {
    socket: Box<dyn Socket>,
    /// Resolves on the other side when the socket is dropped.
    _done: Option<oneshot::Sender<()>>,
}

/// What carries a session's packets.
#[derive(Debug)]
pub(crate) enum Transport {
    /// Polls; one may be waiting.
    Polling(Option<oneshot::Sender<Result<String, EngineError>>>),
    WebSocket(ClientSocket),
}

impl fmt::Debug for ClientSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSocket")
    }
}

impl ClientSocket {
    pub(crate) fn new(socket: Box<dyn Socket>) -> Self {
        Self {
            socket,
            _done: None,
        }
    }

    /// Returns the socket, and what resolves when it has ended.
    pub(crate) fn watched(socket: Box<dyn Socket>) -> (Self, oneshot::Receiver<()>) {
        let (done, ended) = oneshot::channel();
        let socket = Self {
            socket,
            _done: Some(done),
        };
        (socket, ended)
    }

    /// Returns the next message; [`SocketFrame::Closed`] at the end. Cancel-safe.
    pub(super) async fn recv(&mut self) -> SocketFrame {
        let frame = self.socket.recv().await;
        frame.unwrap_or(SocketFrame::Closed {
            code: 1006,
            reason: String::new(),
        })
    }

    /// Sends a packet; returns false if the socket has ended, or its client reads nothing.
    pub(super) async fn send(&mut self, packet: String) -> bool {
        self.socket.send(SocketFrame::Text(packet)).await
    }

    pub(super) async fn close(&mut self, code: u16) {
        self.socket.close(code, "").await;
    }
}

impl Transport {
    /// Returns the next message of a WebSocket; of polls only their end, when the one that waits is given up
    /// by its client. Cancel-safe.
    pub(super) async fn recv(&mut self, reads: bool) -> SocketFrame {
        match self {
            Self::Polling(Some(poll)) => {
                poll.closed().await;
                SocketFrame::Closed {
                    code: 1006,
                    reason: String::new(),
                }
            }
            Self::WebSocket(socket) if reads => socket.recv().await,
            _ => pending().await,
        }
    }
}

/// Returns the next message of a WebSocket that may take the place of polls. Cancel-safe.
pub(super) async fn recv_offered(socket: Option<&mut ClientSocket>) -> SocketFrame {
    match socket {
        Some(socket) => socket.recv().await,
        None => pending().await,
    }
}
