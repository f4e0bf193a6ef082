//! Binding, serving and closing the listeners.

use super::admission::{Admission, AdmissionError, ConnectionSlot};
use super::client_address;
use super::health::Health;
use super::host::Hosts;
use super::operator::Operator;
use super::reject;
use super::routes::{ConnectionInfo, Routes};
use super::stack::{self, HttpService};
use super::{accept, api, http1};
use crate::connection::{Peer, Stream};
use crate::metrics::{MetricsPage, RejectReason};
use crate::rejections;
use crate::shared::Shared;
use crate::{Gateway, Settings};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How late at most strangers come into the log who were counted long enough.
const LOOK_UP: Duration = Duration::from_secs(1);
/// Connections being told that they do not get in; beyond that they are closed without a word.
const REJECTING_MAX: usize = 256;
/// The operator's connections: a monitor or two.
const OPERATOR_MAX: usize = 64;

/// Both listeners, bound and not yet served.
#[derive(Debug)]
pub struct Listeners {
    main: TcpListener,
    operator: TcpListener,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} ({setting}): {error}")]
pub struct BindError {
    address: SocketAddr,
    setting: &'static str,
    error: io::Error,
}

impl Listeners {
    /// Takes both addresses.
    ///
    /// # Errors
    /// When one is taken, or not this machine's, or not allowed.
    pub fn bind(main: SocketAddr, operator: SocketAddr) -> Result<Self, BindError> {
        Ok(Self {
            main: bind(main, "listen")?,
            operator: bind(operator, "operator_listen")?,
        })
    }

    /// Declares what the API asks besides the commands, so that a missing answerer stops the start.
    pub fn wire(builder: &mut bus::Builder) {
        api::wire(builder);
    }

    /// Where people connect, with the port that a 0 became.
    ///
    /// # Errors
    /// When the kernel has forgotten it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.main.local_addr()
    }

    /// Where the operator looks.
    ///
    /// # Errors
    /// When the kernel has forgotten it.
    pub fn operator_address(&self) -> io::Result<SocketAddr> {
        self.operator.local_addr()
    }

    /// Serves both, as tasks of the gateway; the operator reads `metrics`.
    pub fn start(
        self,
        gateway: &Gateway,
        health: &Health,
        mut metrics: MetricsPage,
        settings: &Settings,
    ) -> Serving {
        let stop = CancellationToken::new();
        let context = ListenerContext::new(gateway, settings, &stop);
        let routes = Routes::new(
            gateway.clone(),
            health.clone(),
            Arc::clone(&context.settings),
            Hosts::of_people(&settings.public_names),
        );
        let admission = Admission::new(settings.connections_max, settings.http_per_address);
        metrics.add(admission.clone());
        metrics.add(health.clone());
        let requests = Requests(context.under_way.clone());
        let accepting = context.people(self.main, routes, admission);
        // The operator looks on until the end: this one is stopped with all other tasks.
        let operator = Operator {
            health: health.clone(),
            metrics: Arc::new(metrics),
            hosts: Arc::new(Hosts::of_operator(&settings.operator_names)),
            shared: Arc::clone(&gateway.shared),
        };
        ListenerContext::new(gateway, settings, &CancellationToken::new())
            .operators(self.operator, operator);
        count_strangers(&gateway.shared);
        Serving {
            shared: Arc::clone(&gateway.shared),
            stop,
            accepting,
            requests,
        }
    }
}

/// Brings into the log what was counted and nobody else has brought there.
fn count_strangers(shared: &Arc<Shared>) {
    let counted = Arc::clone(shared);
    let say = move || {
        counted.rejections.log_pending(rejections::EVERY);
        std::future::ready(Ok(()))
    };
    let tasks = &shared.tasks;
    drop(tasks.periodic("gateway", "count strangers", LOOK_UP, 0.0, say));
}

fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, BindError> {
    let bound = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // Connections of the process before this one may still be on their way out.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(accept::BACKLOG)
    };
    bound().map_err(|error| BindError {
        address,
        setting,
        error,
    })
}

/// The people's listener, being served.
#[must_use = "the listener is closed through this"]
pub struct Serving {
    shared: Arc<Shared>,
    stop: CancellationToken,
    accepting: bus::Task,
    requests: Requests,
}

impl Serving {
    /// The requests on it, to be waited for once it is closed.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// Closes it: whoever waits in the backlog is told so, requests under way are answered and
    /// their connections closed. Resolves when nobody can connect any more.
    pub async fn close(self) {
        self.stop.cancel();
        self.accepting.ended().await;
        self.shared.rejections.log_pending(Duration::ZERO);
    }
}

/// The requests that the people's listener has let in. A cheap handle.
#[derive(Debug, Clone)]
pub struct Requests(TaskTracker);

impl Requests {
    /// Resolves when all that were begun before [`Serving::close`] have been answered. One that its
    /// client does not finish takes its whole time.
    pub async fn answered(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

/// What every connection of a listener needs. A cheap handle.
#[derive(Clone)]
struct ListenerContext {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    /// What a request under way has left when its connection is to end.
    last: Duration,
    stop: CancellationToken,
    rejecting: Arc<Semaphore>,
    /// What has to be answered before the process ends.
    under_way: TaskTracker,
}

impl ListenerContext {
    fn new(gateway: &Gateway, settings: &Settings, stop: &CancellationToken) -> Self {
        Self {
            shared: Arc::clone(&gateway.shared),
            settings: Arc::new(settings.clone()),
            last: gateway.limits().reply_within,
            stop: stop.clone(),
            rejecting: Arc::new(Semaphore::new(REJECTING_MAX)),
            under_way: TaskTracker::new(),
        }
    }

    fn people(self, listener: TcpListener, routes: Routes, admission: Admission) -> bus::Task {
        let (context, stop) = (self.clone(), self.stop.clone());
        let accepted = move |stream, peer: SocketAddr| match context.admit(&admission, peer.ip()) {
            Ok(slot) => {
                let slot = Arc::new(Mutex::new(Some(slot)));
                let connection = ConnectionInfo {
                    peer: peer.ip(),
                    admission: admission.clone(),
                    slot,
                };
                let routes = routes.clone();
                let stack = stack::around(move |request| {
                    routes.clone().answer(request, connection.clone())
                });
                context.serve(stream, stack);
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

    fn operators(self, listener: TcpListener, operator: Operator) {
        let places = Admission::new(OPERATOR_MAX, OPERATOR_MAX);
        let (context, stop) = (self.clone(), self.stop.clone());
        let accepted = move |stream, _| {
            let Ok(slot) = places.enter(None) else {
                return context.reject(stream, RejectReason::Full);
            };
            let (operator, slot) = (operator.clone(), Arc::new(slot));
            let stack = stack::around(move |request| {
                // The place is the connection's, which holds this handler.
                let _ = &slot;
                operator.answer(&request)
            });
            context.serve(stream, stack);
        };
        let tasks = &self.shared.tasks;
        tasks.essential("gateway", "accept operators", async move {
            accept::run(listener, stop, accepted, drop).await;
            Ok(())
        });
    }

    /// A proxy's connections carry many people: they count in all alone, and each socket of theirs
    /// counts for the network that the proxy names.
    fn admit(&self, admission: &Admission, peer: IpAddr) -> Result<ConnectionSlot, AdmissionError> {
        let is_proxy = client_address::is_trusted(peer, &self.settings.trusted_proxies);
        admission.enter((!is_proxy).then(|| Peer::of(peer)))
    }

    fn serve(&self, stream: TcpStream, stack: HttpService) {
        // A kernel that refuses an option has lost the peer.
        let Ok(stream) = Stream::new(stream) else {
            return;
        };
        let ListenerContext {
            settings,
            last,
            stop,
            under_way,
            ..
        } = self.clone();
        self.shared
            .tasks
            .once("gateway", "http connection", async move {
                let answer = move |request| {
                    let answered = stack.clone().oneshot(request);
                    async move { answered.await.unwrap_or_else(|never| match never {}) }
                };
                http1::serve(stream, &settings, last, stop, &under_way, answer).await;
            });
    }

    fn reject(&self, stream: TcpStream, reason: RejectReason) {
        self.shared.metrics.sockets.turned_away(reason);
        if let Ok(permit) = Arc::clone(&self.rejecting).try_acquire_owned() {
            let token = self.under_way.token();
            self.shared.tasks.once("gateway", "turn away", async move {
                reject::respond(stream, reason).await;
                drop((permit, token));
            });
        }
    }
}
