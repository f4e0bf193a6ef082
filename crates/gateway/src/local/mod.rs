//! A `parlor.v1` connection within the process, for whatever translates between another protocol and
//! this one.
//!
//! It is served by the same task as a socket, with a pipe in the place of TCP, so it has the same limits,
//! order, resume, slow-reader policy, kicks and goodbye. It counts as a socket of its client's network.

mod receiver;
mod sender;

pub use receiver::{LocalMessage, LocalReceiver};
pub use sender::{LocalSendError, LocalSender};

use crate::connection::{Peer, pipe};
use crate::dispatch::Dispatcher;
use crate::metrics::RejectReason;
use crate::shared::Shared;
use crate::socket::{self, Upgraded};
use bytes::Bytes;
use std::sync::Arc;

/// Most connections within the process; like the usual limit of the public listener.
pub(crate) const LOCAL_MAX: usize = 15_000;

/// Why no connection can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalOpenError {
    /// The server stops.
    #[error("the server stops: the client should come back after its restart")]
    Draining,
    /// The client's network has its maximum of sockets.
    #[error("the client's network has as many connections as it may have")]
    NetworkFull,
    /// The process has its maximum.
    #[error("the server has no room for another connection")]
    ServerFull,
}

/// A connection within the process; closed when dropped.
///
/// Texts are the frames of `docs/protocol.md`: the first one must be a `hello`. Whoever holds it must go on
/// receiving, as any client must: what is not taken for 15 seconds closes the connection with 4008.
#[derive(Debug)]
pub struct LocalConnection {
    sender: LocalSender,
    receiver: LocalReceiver,
}

impl LocalConnection {
    /// Sends one frame; waits while the server does not read.
    ///
    /// # Errors
    /// If the connection has ended, or the frame is longer than the server reads.
    pub async fn send(&mut self, text: &str) -> Result<(), LocalSendError> {
        self.sender.send(text).await
    }

    /// Returns the next frame of the server, and at the end how it has closed; then `None`. Cancel-safe.
    pub async fn recv(&mut self) -> Option<LocalMessage> {
        self.receiver.recv().await
    }

    /// Closes the connection as a client does, with this code: 1000 and 1001 mean that the user has left,
    /// and any other that they may come back. What the server sends until then can still be received.
    pub fn close(&mut self, code: u16) {
        self.sender.close(code);
    }

    /// Splits it, for two tasks or two branches of one; the receiver's end closes the connection.
    #[must_use]
    pub fn split(self) -> (LocalSender, LocalReceiver) {
        (self.sender, self.receiver)
    }
}

/// Opens a connection for a client of this network.
pub(crate) fn open(
    shared: &Arc<Shared>,
    dispatcher: &Arc<Dispatcher>,
    peer: Peer,
) -> Result<LocalConnection, LocalOpenError> {
    if shared.sockets.is_stopping() {
        return Err(LocalOpenError::Draining);
    }
    let rejected = |reason| shared.metrics.sockets.rejected(reason);
    let Ok(slot) = Arc::clone(&shared.local_slots).try_acquire_owned() else {
        rejected(RejectReason::Full);
        return Err(LocalOpenError::ServerFull);
    };
    let (server, client) = pipe();
    let upgraded = Upgraded {
        stream: server.into(),
        read_ahead: Bytes::new(),
        peer,
    };
    let mut has_entered = false;
    let (of_all, dispatcher) = (Arc::clone(shared), Arc::clone(dispatcher));
    let serving = socket::serve(of_all, dispatcher, upgraded, &mut || has_entered = true);
    if !has_entered {
        rejected(RejectReason::NetworkFull);
        return Err(LocalOpenError::NetworkFull);
    }
    shared
        .tasks
        .once("gateway", "local connection", async move {
            serving.await;
            drop(slot);
        });
    Ok(LocalConnection {
        sender: LocalSender::new(client.writer(), shared.limits.frame_bytes),
        receiver: LocalReceiver::new(client),
    })
}
