//! HTTP that is answered outside the gateway, below a path of its own.
//!
//! The gateway checks host and origin, charges and counts the client's network, reads the body, limits
//! requests at once and their time, and turns a panic into a response, as it does for its API. The handler
//! may open connections within the process for the client, and may take the request over as a WebSocket.

mod message_socket;
mod mounted;
mod mounts;
mod upgrade;
mod watched_stream;

pub use message_socket::{MessageSocket, SocketEnded, SocketMessage};
pub(super) use mounted::{MountClient, MountContext, Mounted};
pub use mounts::MountError;
pub(super) use mounts::Mounts;
pub use upgrade::MountUpgrade;

use crate::connection::Peer;
use crate::{Gateway, LocalConnection, LocalOpenError};
use bus::TraceId;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Response;
use http::request::Parts;
use http_body_util::Full;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The longest time for a response, whatever a mount asks for.
pub(super) const WITHIN_MAX: Duration = Duration::from_secs(60);
/// What a mount allows at once unless it says otherwise.
const AT_ONCE: usize = 1024;

/// The complete response of a handler.
pub type MountResponse = Response<Full<Bytes>>;

/// HTTP below one path that is answered outside the gateway.
#[derive(Clone)]
pub struct HttpMount {
    /// Begins and ends with a slash: `/socket.io/`, or below `/api/v1/x/NAME/` where no command is. It covers
    /// all that begins with it, and itself without the last slash; of two the longer one counts. `/` covers
    /// what is neither another mount's nor the gateway's own (`/ws`, `/health`, `/api`).
    pub path: &'static str,
    /// Answers the requests.
    pub handler: Arc<dyn MountHandler>,
    /// Most requests that it answers at once; further ones get 503. Default 1,024. Too low: clients that
    /// wait in long polls shut others out. Too high: memory of requests and responses.
    pub at_once: usize,
    /// Time for a response, at most 60 s, the default; then the request is dropped and gets 504.
    pub within: Duration,
}

impl HttpMount {
    /// Returns a mount with the default limits.
    #[must_use]
    pub fn new(path: &'static str, handler: Arc<dyn MountHandler>) -> Self {
        Self {
            path,
            handler,
            at_once: AT_ONCE,
            within: WITHIN_MAX,
        }
    }
}

impl fmt::Debug for HttpMount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpMount").field(&self.path).finish()
    }
}

/// Answers the requests of a mount.
pub trait MountHandler: Send + Sync + 'static {
    /// Answers one request. When its time is over, when its client is gone, and one second after the server
    /// began to stop, the future is dropped.
    fn answer(&self, request: MountRequest) -> BoxFuture<'static, MountResponse>;
}

/// A request that has passed the gateway's checks.
#[derive(Debug)]
pub struct MountRequest {
    /// Method, URI and headers, without any extensions.
    pub head: Parts,
    /// The whole body; empty if there is none.
    pub body: Bytes,
    /// The address of the client, not of a trusted proxy in front. Do not log it.
    pub address: IpAddr,
    /// The trace of the request, for log lines and for what it asks of others.
    pub trace: TraceId,
    /// Opens connections for this client.
    pub door: MountDoor,
    /// Takes the request over as a WebSocket, if it asks for one correctly.
    pub upgrade: Option<MountUpgrade>,
}

/// Opens connections within the process for one client. A cheap handle, which may outlive its request.
#[derive(Clone)]
pub struct MountDoor {
    gateway: Gateway,
    network: Peer,
}

impl MountDoor {
    pub(super) fn new(gateway: Gateway, network: Peer) -> Self {
        Self { gateway, network }
    }

    /// Returns the network that the client's limits count for.
    #[must_use]
    pub fn network(&self) -> Peer {
        self.network
    }

    /// Opens a connection, as [`Gateway::open`] does.
    ///
    /// # Errors
    /// If the server stops, or it or the network has its maximum of connections.
    pub fn open(&self) -> Result<LocalConnection, LocalOpenError> {
        self.gateway.open(self.network)
    }
}

impl fmt::Debug for MountDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MountDoor").field(&self.network).finish()
    }
}
