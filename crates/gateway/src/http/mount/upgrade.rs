//! Takes a request of a mount over as a WebSocket.

use super::{MessageSocket, MountContext, MountResponse};
use crate::Gateway;
use crate::connection::Peer;
use crate::http::admission::{Admission, ConnectionSlot};
use crate::http::response::{self, set};
use crate::http::upgrade;
use crate::metrics::RejectReason;
use crate::wire::Error;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use parking_lot::Mutex;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// The `retry_after` for a network that has its maximum of sockets.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A request that asks for a WebSocket, correctly and from an allowed origin.
pub struct MountUpgrade {
    response: Response<()>,
    upgrade: OnUpgrade,
    slot: Arc<Mutex<Option<ConnectionSlot>>>,
    network: Peer,
    gateway: Gateway,
    sockets: Admission,
}

/// Marks the response that takes a request over.
#[derive(Clone)]
struct Accepted;

impl MountUpgrade {
    /// Returns `None` if the request is no correct handshake.
    pub(super) fn of(
        request: &mut Request<Incoming>,
        slot: Arc<Mutex<Option<ConnectionSlot>>>,
        network: Peer,
        context: &MountContext,
    ) -> Option<Self> {
        let response = create_response_with_body(request, || ()).ok()?;
        Some(Self {
            response,
            upgrade: hyper::upgrade::on(request),
            slot,
            network,
            gateway: context.gateway.clone(),
            sockets: context.sockets.clone(),
        })
    }

    /// Returns whether [`MountUpgrade::accept`] has made this response.
    pub(super) fn made(response: &MountResponse) -> bool {
        response.extensions().get::<Accepted>().is_some()
    }

    /// Returns the response that takes the request over, which the handler must return, and serves the
    /// socket as a task of the gateway afterwards. `protocol` is the subprotocol that was chosen of those
    /// that the client offers. If the client's network has as many such sockets as it may have, returns the
    /// response that says so.
    pub fn accept<S, F>(self, protocol: Option<&str>, serve: S) -> MountResponse
    where
        S: FnOnce(MessageSocket) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let shared = Arc::clone(&self.gateway.shared);
        let Ok(counted) = self.sockets.enter(Some(self.network)) else {
            shared.metrics.sockets.rejected(RejectReason::NetworkFull);
            return response::error(&Error::rate_limited(RETRY_AFTER));
        };
        // The connection still counts among all, but no longer among those of its network.
        let mut slot = self.slot.lock().take();
        slot.iter_mut().for_each(ConnectionSlot::became_socket);
        let upgrade = self.upgrade;
        let open = shared.foreign_sockets.enter();
        let bucket = shared.buckets.before_hello(self.network, &shared.limits);
        let (limits, goodbye) = (shared.limits.clone(), shared.foreign_sockets.goodbye());
        shared.tasks.once("gateway", "mounted socket", async move {
            if let Some((stream, read_ahead)) = upgrade::stream(upgrade).await {
                let socket = MessageSocket::new(stream, &read_ahead, limits, bucket, goodbye);
                let socket = socket.await;
                serve(socket).await;
            }
            drop((slot, counted, open));
        });
        let mut response = self.response.map(|()| Full::new(Bytes::new()));
        if let Some(protocol) = protocol {
            set(&mut response, header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        debug_assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        response.extensions_mut().insert(Accepted);
        response
    }
}

impl fmt::Debug for MountUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MountUpgrade")
    }
}
