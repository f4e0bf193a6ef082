//! One mount at work: the limits around its handler.

use super::{HttpMount, MountDoor, MountRequest, MountResponse, MountUpgrade};
use crate::Gateway;
use crate::connection::Peer;
use crate::http::admission::{Admission, ConnectionSlot};
use crate::http::body;
use crate::http::request_trace::RequestTrace;
use crate::http::response::HttpResponse;
use crate::http::unread_body::UnreadBody;
use crate::wire::{DRAINING, Error, INTERNAL, OUTCOME_UNKNOWN, OVERLOADED};
use bus::TraceId;
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use parking_lot::Mutex;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What a request under way has left when the server begins to stop: a long poll ends early.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// A mount and the places for its requests.
pub(in crate::http) struct Mounted {
    mount: HttpMount,
    places: Semaphore,
}

/// What all mounts share. A cheap handle.
#[derive(Clone)]
pub(in crate::http) struct MountContext {
    pub(in crate::http) gateway: Gateway,
    pub(in crate::http) body_bytes_max: usize,
    /// Cancelled when the server begins to stop.
    pub(in crate::http) stop: CancellationToken,
    /// Counts the sockets of mounts per network.
    pub(in crate::http) sockets: Admission,
}

/// The client of one request.
pub(in crate::http) struct MountClient {
    pub(in crate::http) address: IpAddr,
    pub(in crate::http) network: Peer,
    /// The slot of its connection, which moves to the socket if the connection is upgraded.
    pub(in crate::http) slot: Arc<Mutex<Option<ConnectionSlot>>>,
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mount.fmt(f)
    }
}

impl Mounted {
    pub(super) fn new(mount: HttpMount) -> Self {
        Self {
            places: Semaphore::new(mount.at_once.min(Semaphore::MAX_PERMITS)),
            mount,
        }
    }

    pub(in crate::http) fn path(&self) -> &'static str {
        self.mount.path
    }

    /// Answers a request that was admitted.
    pub(in crate::http) async fn answer(
        &self,
        mut request: Request<Incoming>,
        client: MountClient,
        context: &MountContext,
    ) -> Result<HttpResponse, Error> {
        let RequestTrace { trace, .. } = RequestTrace::of(&request);
        let network = client.network;
        let door = MountDoor::new(context.gateway.clone(), network);
        let upgrade = MountUpgrade::of(&mut request, client.slot, network, context);
        let (mut head, body) = request.into_parts();
        let body = body::bytes(body, context.body_bytes_max).await;
        let body = body.map_err(|error| error.traced(trace))?;
        UnreadBody::was_read(&head);
        head.extensions.clear();
        let request = MountRequest {
            head,
            body,
            address: client.address,
            trace,
            door,
            upgrade,
        };
        let answered = self.handle(request, &context.stop).await;
        let response = answered.map_err(|error| error.traced(trace))?;
        self.checked(response, trace)
    }

    async fn handle(
        &self,
        request: MountRequest,
        stop: &CancellationToken,
    ) -> Result<MountResponse, Error> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(Error::new(&OVERLOADED));
        };
        let stopped = async {
            stop.cancelled().await;
            sleep(STOP_WITHIN).await;
        };
        let answering = timeout(self.mount.within, self.mount.handler.answer(request));
        tokio::select! {
            biased;
            answered = answering => answered.map_err(|_| Error::new(&OUTCOME_UNKNOWN)),
            () = stopped => Err(Error::new(&DRAINING)),
        }
    }

    /// Refuses a response that HTTP does not allow, and forbids browsers to guess its type.
    fn checked(&self, mut response: MountResponse, trace: TraceId) -> Result<HttpResponse, Error> {
        if response.status().is_informational() && !MountUpgrade::made(&response) {
            let (mount, status) = (self.mount.path, response.status().as_u16());
            tracing::error!(%trace, mount, status, "a mount answered with a status that is no answer");
            return Err(Error::new(&INTERNAL).traced(trace));
        }
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let headers = response.headers_mut();
            headers
                .entry(header::X_CONTENT_TYPE_OPTIONS)
                .or_insert(HeaderValue::from_static("nosniff"));
        }
        Ok(response)
    }
}
