//! Connections that carry messages: those of clients to an extension, and those of an extension to
//! the chat on behalf of a client.

use crate::mount::HttpResponse;
use bytes::Bytes;
use futures_util::future::BoxFuture;

/// A connection that carries messages in both directions. It closes when it is dropped.
pub trait Socket: Send + 'static {
    /// Returns the next message; `None` once the connection is closed. Cancel-safe.
    fn recv(&mut self) -> BoxFuture<'_, Option<SocketFrame>>;

    /// Sends a message; waits while the other side reads nothing. Returns false once the connection is
    /// closed.
    fn send(&mut self, message: SocketFrame) -> BoxFuture<'_, bool>;

    /// Closes the connection, with a WebSocket close code and a reason.
    fn close(&mut self, code: u16, reason: &str) -> BoxFuture<'_, ()>;
}

/// What a socket carries: one message, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketFrame {
    /// A message of text.
    Text(String),
    /// A message of bytes.
    Binary(Bytes),
    /// The other side has closed the connection, with this code and reason; nothing follows.
    Closed {
        /// The WebSocket close code; 1006 if the connection was lost.
        code: u16,
        /// The reason, for people.
        reason: String,
    },
}

/// Opens connections to the chat on behalf of one client.
pub trait Door: Send + Sync + 'static {
    /// Opens a connection that speaks `parlor.v1`.
    fn open(&self) -> Result<Box<dyn Socket>, DoorError>;

    /// Opens the same in two halves, so that it receives while it waits to send. While a client takes
    /// nothing, the server reads nothing from it: whoever sends many commands needs both at once.
    fn open_halves(&self) -> Result<ChatHalves, DoorError>;
}

/// A connection to the chat in two halves.
pub type ChatHalves = (Box<dyn ChatSender>, Box<dyn ChatReceiver>);

/// The half of a connection to the chat that sends.
pub trait ChatSender: Send + 'static {
    /// Sends one frame; waits while the server does not read. If dropped meanwhile, nothing was sent.
    /// Returns false if the connection is closed or the frame is longer than the server reads.
    fn send<'a>(&'a mut self, frame: &'a str) -> BoxFuture<'a, bool>;

    /// Closes the connection with this WebSocket close code: 1000 and 1001 mean that the user has left, and
    /// any other that they may come back.
    fn close(&mut self, code: u16);
}

/// The half of a connection to the chat that receives; the connection closes when it is dropped.
pub trait ChatReceiver: Send + 'static {
    /// Returns the next frame, and at the end how the connection has closed; then `None`. Cancel-safe.
    fn recv(&mut self) -> BoxFuture<'_, Option<SocketFrame>>;
}

/// Why no connection was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The client's network, or the server, has as many connections as it may have.
    #[error("there are as many connections as there may be")]
    Full,
    /// The server is stopping.
    #[error("the server is stopping")]
    Draining,
}

/// What serves a socket, until it ends.
pub type ServeSocket = Box<dyn FnOnce(Box<dyn Socket>) -> BoxFuture<'static, ()> + Send>;

/// A WebSocket handshake that has not been answered yet.
pub trait Upgrade: Send {
    /// Accepts it, with one of the subprotocols that the client offers, and returns the response to send.
    fn accept(self: Box<Self>, protocol: Option<&str>, serve: ServeSocket) -> HttpResponse;
}
