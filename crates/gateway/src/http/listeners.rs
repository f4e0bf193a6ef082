//! Binds, serves and closes the listeners.

use super::admission::{Admission, AdmissionError, ConnectionSlot};
use super::client_address;
use super::cors;
use super::health::Health;
use super::host::Hosts;
use super::http1::Http1;
use super::mount::{HttpMount, MountError, Mounts};
use super::operator::{Operator, OperatorView};
use super::port_holder;
use super::reject;
use super::routes::{ConnectionInfo, Routes};
use super::stack::{self, HttpService};
use super::stay_open::{OpenConnections, StayOpen};
use super::{accept, api};
use crate::connection::{Peer, Stream};
use crate::metrics::RejectReason;
use crate::rejections;
use crate::shared::Shared;
use crate::{Gateway, Settings};
use parking_lot::Mutex;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Interval at which counted rejections are logged.
const LOG_EVERY: Duration = Duration::from_secs(1);
/// Most connections that are rejected with a response at a time; further ones are closed without one.
const REJECTING_MAX: usize = 256;
/// Most connections of the operator's listener, which a monitor or two use.
const OPERATOR_MAX: usize = 64;

/// Both listeners, bound and not yet served.
#[derive(Debug)]
pub struct Listeners {
    pub(super) main: TcpListener,
    pub(super) operator: TcpListener,
    mounts: Mounts,
}

/// An error from binding one of the listeners.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} ({setting}): {error}; {remedy}")]
pub struct BindError {
    address: SocketAddr,
    setting: &'static str,
    error: io::Error,
    remedy: String,
}

impl Listeners {
    /// Binds both addresses.
    ///
    /// # Errors
    /// If an address is in use, not this machine's, or not allowed.
    pub fn bind(main: SocketAddr, operator: SocketAddr) -> Result<Self, BindError> {
        Ok(Self {
            main: bind(main, "listen")?,
            operator: bind(operator, "operator_listen")?,
            mounts: Mounts::default(),
        })
    }

    /// Adds HTTP that is answered outside the gateway to the public listener.
    ///
    /// # Errors
    /// If the path is malformed, the server's own or taken, or the limits make no sense.
    pub fn mount(&mut self, mount: HttpMount) -> Result<(), MountError> {
        self.mounts.add(mount)
    }

    /// Declares the requests that the API makes besides those of commands, so that a missing answerer fails
    /// the start.
    pub fn wire(builder: &mut bus::Builder) {
        api::wire(builder);
    }

    /// Returns the public address, with the port that the kernel chose for port 0.
    ///
    /// # Errors
    /// If the kernel does not return it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.main.local_addr()
    }

    /// Returns the operator's address.
    ///
    /// # Errors
    /// If the kernel does not return it.
    pub fn operator_address(&self) -> io::Result<SocketAddr> {
        self.operator.local_addr()
    }

    /// Serves both listeners as tasks of the gateway.
    pub fn start(
        self,
        gateway: &Gateway,
        health: &Health,
        mut view: OperatorView,
        settings: &Settings,
    ) -> Serving {
        let stop = CancellationToken::new();
        let context = ListenerContext::new(gateway, settings, &stop);
        let mounts = Arc::new(self.mounts);
        let routes = Routes::new(
            gateway.clone(),
            health.clone(),
            Arc::clone(&context.settings),
            Arc::clone(&mounts),
            stop.clone(),
        );
        let admission = Admission::new(settings.connections_max, settings.http_per_address);
        view.metrics.add(admission.clone());
        view.metrics.add(health.clone());
        let requests = Requests(context.requests.clone());
        let accepting = context.serve_public(self.main, (routes, mounts), admission);
        // The operator's listener serves until the end: it stops with all other tasks.
        let operator = Operator {
            health: health.clone(),
            view: Arc::new(view),
            hosts: Arc::new(Hosts::of_operator(&settings.operator_names)),
            shared: Arc::clone(&gateway.shared),
        };
        ListenerContext::new(gateway, settings, &CancellationToken::new())
            .serve_operator(self.operator, operator);
        log_rejections(&gateway.shared);
        Serving {
            shared: Arc::clone(&gateway.shared),
            stop,
            accepting,
            requests,
        }
    }
}

/// Starts a timer that logs counted rejections.
fn log_rejections(shared: &Arc<Shared>) {
    let counted = Arc::clone(shared);
    let log = move || {
        counted.rejections.log_pending(rejections::EVERY);
        std::future::ready(Ok(()))
    };
    let tasks = &shared.tasks;
    drop(tasks.periodic("gateway", "count strangers", LOG_EVERY, 0.0, log));
}

fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, BindError> {
    let bound = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // Connections of the previous process may still be closing.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(accept::BACKLOG)
    };
    bound().map_err(|error| BindError {
        address,
        setting,
        remedy: remedy(address, error.kind()),
        error,
    })
}

/// Says what to do about an address that cannot be bound.
fn remedy(address: SocketAddr, kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::AddrInUse => {
            let holder = port_holder::of(address.port());
            format!("{holder} listens there: stop it, or choose another port")
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: 0.0.0.0 stands for all it has".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 are for root: choose another one, with a proxy in front".to_owned()
        }
        _ => "choose another address".to_owned(),
    }
}

/// The public listener while it is served.
#[must_use = "only this can close the listener"]
pub struct Serving {
    shared: Arc<Shared>,
    stop: CancellationToken,
    accepting: bus::Task,
    requests: Requests,
}

impl Serving {
    /// Returns a handle that waits for the running requests once the listener is closed.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// Closes the listener: rejects the backlog, lets running requests finish and closes their
    /// connections. Resolves when nobody can connect any more.
    pub async fn close(self) {
        self.stop.cancel();
        self.accepting.ended().await;
        self.shared.rejections.log_pending(Duration::ZERO);
    }
}

/// The running requests of the public listener. A cheap handle.
#[derive(Debug, Clone)]
pub struct Requests(TaskTracker);

impl Requests {
    /// Resolves when all requests begun before [`Serving::close`] are answered. A request that its client
    /// does not finish takes until its time limit.
    pub async fn answered(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

/// What every connection of a listener shares. A cheap handle.
#[derive(Clone)]
struct ListenerContext {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    /// Time that a running request has left when its connection has to end.
    drain_timeout: Duration,
    stop: CancellationToken,
    rejecting: Arc<Semaphore>,
    /// The requests to answer before the process ends.
    requests: TaskTracker,
}

impl ListenerContext {
    fn new(gateway: &Gateway, settings: &Settings, stop: &CancellationToken) -> Self {
        Self {
            shared: Arc::clone(&gateway.shared),
            settings: Arc::new(settings.clone()),
            drain_timeout: gateway.limits().reply_within,
            stop: stop.clone(),
            rejecting: Arc::new(Semaphore::new(REJECTING_MAX)),
            requests: TaskTracker::new(),
        }
    }

    fn serve_public(
        self,
        listener: TcpListener,
        (routes, mounts): (Routes, Arc<Mounts>),
        admission: Admission,
    ) -> bus::Task {
        let (context, stop) = (self.clone(), self.stop.clone());
        let settings = &self.settings;
        let open = OpenConnections::of(settings.connections_max, settings.http_per_address);
        let accepted = move |stream, peer: SocketAddr| match context.admit(&admission, peer.ip()) {
            Ok(slot) => {
                let slot = Arc::new(Mutex::new(Some(slot)));
                let connection = ConnectionInfo {
                    peer: peer.ip(),
                    admission: admission.clone(),
                    slot,
                };
                let routes = routes.clone();
                let service = stack::layered(Arc::clone(&mounts), move |request| {
                    routes.clone().answer(request, connection.clone())
                });
                let service =
                    cors::layer(service, Arc::clone(&context.settings), Arc::clone(&mounts));
                let stay_open = if context.is_proxy(peer.ip()) {
                    StayOpen::Proxy
                } else {
                    open.stranger(Peer::of(peer.ip()))
                };
                context.serve(stream, stay_open, service);
            }
            Err(AdmissionError::ServerFull) => context.reject(stream, RejectReason::Full),
            Err(AdmissionError::NetworkFull) => context.reject(stream, RejectReason::NetworkFull),
        };
        let context = self.clone();
        let late = move |stream| context.reject(stream, RejectReason::Draining);
        let tasks = &self.shared.tasks;
        tasks.essential("gateway", "accept people", async move {
            accept::run(listener, stop, accepted, late).await;
            Ok(())
        })
    }

    fn serve_operator(self, listener: TcpListener, operator: Operator) {
        let admission = Admission::new(OPERATOR_MAX, OPERATOR_MAX);
        let open = OpenConnections::of(OPERATOR_MAX, OPERATOR_MAX);
        let (context, stop) = (self.clone(), self.stop.clone());
        let accepted = move |stream, peer: SocketAddr| {
            let Ok(slot) = admission.enter(None) else {
                return context.reject(stream, RejectReason::Full);
            };
            let (operator, slot) = (operator.clone(), Arc::new(slot));
            let service = stack::layered(Arc::default(), move |request| {
                // The connection holds this handler, and so its slot.
                let _ = &slot;
                operator.answer(&request)
            });
            context.serve(stream, open.stranger(Peer::of(peer.ip())), service);
        };
        let tasks = &self.shared.tasks;
        tasks.essential("gateway", "accept operators", async move {
            accept::run(listener, stop, accepted, drop).await;
            Ok(())
        });
    }

    /// Takes a slot for a connection. A proxy's connection carries many clients, so only the total counts;
    /// each of its requests and sockets counts for the network that the proxy names.
    fn admit(&self, admission: &Admission, peer: IpAddr) -> Result<ConnectionSlot, AdmissionError> {
        admission.enter((!self.is_proxy(peer)).then(|| Peer::of(peer)))
    }

    fn is_proxy(&self, peer: IpAddr) -> bool {
        client_address::is_trusted(peer, &self.settings.trusted_proxies)
    }

    fn serve(&self, stream: TcpStream, stay_open: StayOpen, service: HttpService) {
        // Fails only if the peer is already gone.
        let Ok(stream) = Stream::new(stream) else {
            return;
        };
        let http1 = Http1 {
            settings: Arc::clone(&self.settings),
            drain_timeout: self.drain_timeout,
            stop: self.stop.clone(),
            requests: self.requests.clone(),
            stay_open,
        };
        self.shared
            .tasks
            .once("gateway", "http connection", async move {
                let answer = move |request| {
                    let answered = service.clone().oneshot(request);
                    async move { answered.await.unwrap_or_else(|never| match never {}) }
                };
                http1.serve(stream, answer).await;
            });
    }

    fn reject(&self, stream: TcpStream, reason: RejectReason) {
        self.shared.metrics.sockets.rejected(reason);
        if let Ok(permit) = Arc::clone(&self.rejecting).try_acquire_owned() {
            let token = self.requests.token();
            self.shared.tasks.once("gateway", "turn away", async move {
                reject::respond(stream, reason).await;
                drop((permit, token));
            });
        }
    }
}
