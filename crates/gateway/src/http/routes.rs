//! The routes of the public listener: the socket, the API, `/health`, and the paths of mounts.

use super::admission::{Admission, AdmissionError, ConnectionSlot, NetworkSlot};
use super::api::{Api, ApiRequest};
use super::client_address;
use super::cors;
use super::endpoint::{self, Endpoint, RouteError};
use super::health::{Health, Status};
use super::host::Hosts;
use super::mount::{MountClient, MountContext, Mounted, Mounts};
use super::origin::{self, Sender};
use super::response::{self, HttpResponse, method_not_allowed, not_found, text};
use super::upgrade;
use crate::connection::Peer;
use crate::metrics::RejectReason;
use crate::rate_limit::Cost;
use crate::socket::Upgraded;
use crate::wire::{DRAINING, Error, FORBIDDEN, INTERNAL, OUTCOME_UNKNOWN, OVERLOADED};
use crate::{Gateway, Settings};
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt as _, service_fn};

const API: &str = "/api/v1";
/// The route of a path that nothing has.
const UNKNOWN: &str = "/{unknown}";
/// The `retry_after` for a network that has its maximum of connections.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Returns the route template of a path, without any text of the client.
pub(super) fn route(path: &str, mounts: &Mounts) -> &'static str {
    if path == "/ws" {
        return "/ws";
    }
    let own = path.strip_prefix(API).map(endpoint::route);
    let mounted = || mounts.find(path).map(|mount| mount.path());
    match own {
        Some(endpoint::UNKNOWN) => mounted().unwrap_or(endpoint::UNKNOWN),
        Some(route) => route,
        None => mounted().unwrap_or(UNKNOWN),
    }
}

/// Returns whether pages of other origins may use a path, if theirs is allowed.
pub(super) fn is_shared(path: &str, mounts: &Mounts) -> bool {
    path.starts_with(API) || mounts.find(path).is_some()
}

/// The connection that a request came on.
#[derive(Clone)]
pub(super) struct ConnectionInfo {
    pub(super) peer: IpAddr,
    pub(super) admission: Admission,
    /// Moves to the socket if the connection is upgraded.
    pub(super) slot: Arc<Mutex<Option<ConnectionSlot>>>,
}

/// The network that a request counts for.
struct ClientNetwork {
    address: IpAddr,
    network: Peer,
    /// A slot of that network, if the connection itself is a proxy's.
    slot: Option<NetworkSlot>,
}

/// Answers the requests of the public listener. A cheap handle.
#[derive(Clone)]
pub(super) struct Routes {
    gateway: Gateway,
    health: Health,
    settings: Arc<Settings>,
    hosts: Arc<Hosts>,
    mounts: Arc<Mounts>,
    mount_context: MountContext,
    api: Api,
    /// The API behind its limits, for requests that were read completely.
    limited_api: LimitedApi,
    /// The same for commands that are carried out outside the gateway, so that they cannot take the places
    /// of all others.
    limited_foreign: LimitedApi,
}

type LimitedApi = BoxCloneSyncService<ApiRequest, HttpResponse, BoxError>;

impl Routes {
    pub(super) fn new(
        gateway: Gateway,
        health: Health,
        settings: Arc<Settings>,
        mounts: Arc<Mounts>,
        stop: CancellationToken,
    ) -> Self {
        let api = Api::new(gateway.clone(), settings.body_bytes_max);
        let reply_within = gateway.limits().reply_within;
        let per_network = gateway.limits().connections_per_address;
        let mount_context = MountContext {
            gateway: gateway.clone(),
            body_bytes_max: settings.body_bytes_max,
            stop,
            sockets: Admission::new(settings.connections_max, per_network),
        };
        Self {
            gateway,
            health,
            limited_api: limited(&api, &settings, reply_within),
            limited_foreign: limited(&api, &settings, reply_within),
            hosts: Arc::new(Hosts::of_public(&settings.public_names)),
            settings,
            mounts,
            mount_context,
            api,
        }
    }

    /// Answers one request.
    pub(super) async fn answer(
        self,
        request: Request<Incoming>,
        connection: ConnectionInfo,
    ) -> HttpResponse {
        if let Err(wrong) = self.hosts.check(&request) {
            return self.hosts.refuse(wrong, &self.gateway.shared.rejections);
        }
        let path = request.uri().path();
        if path == "/health" {
            return self.health(request.method());
        }
        if let Some(rest) = path.strip_prefix(API) {
            let path = rest.to_owned();
            return self.api(&path, request, &connection).await;
        }
        if let Some(mount) = self.mounts.find(path) {
            let mount = Arc::clone(mount);
            return Box::pin(self.mounted(&mount, request, &connection)).await;
        }
        let client = match self.charge_network(&request, &connection, Cost::Other) {
            Ok(client) => client,
            Err(error) => return response::error(&error),
        };
        if path == "/ws" {
            return self.socket(request, &connection, client);
        }
        not_found()
    }

    fn health(&self, method: &Method) -> HttpResponse {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return method_not_allowed("GET, HEAD");
        }
        let status = self.health.status();
        text(status.code(), status.as_str())
    }

    async fn api(
        &self,
        path: &str,
        request: Request<Incoming>,
        connection: &ConnectionInfo,
    ) -> HttpResponse {
        if let Some(mount) = self.mount_below_api(path, &request) {
            let mount = Arc::clone(mount);
            return Box::pin(self.mounted(&mount, request, connection)).await;
        }
        if cors::is_preflight(&request) {
            return self.preflight(&request, connection, cors::API_METHODS);
        }
        let ops = self.gateway.dispatcher.ops();
        let endpoint = Endpoint::of(request.method(), path, ops);
        let cost = endpoint.as_ref().map_or(Cost::Other, Endpoint::cost_before);
        let client = match self.admit(&request, connection, cost) {
            Ok(client) => client,
            Err(error) => return response::error(&error),
        };
        match endpoint {
            Ok(endpoint) => {
                let answered = self.run(endpoint, request, client).await;
                answered.unwrap_or_else(|error| response::error(&error))
            }
            Err(error) => error.answer(),
        }
    }

    /// Returns the mount that answers a request below the API: a command takes precedence.
    fn mount_below_api(&self, path: &str, request: &Request<Incoming>) -> Option<&Arc<Mounted>> {
        let mount = self.mounts.find(request.uri().path())?;
        let ops = self.gateway.dispatcher.ops();
        let endpoint = Endpoint::of(request.method(), path, ops);
        (endpoint == Err(RouteError::NotFound)).then_some(mount)
    }

    /// Has a request answered outside the gateway. Boxed by its callers, since few requests need it.
    async fn mounted(
        &self,
        mount: &Mounted,
        request: Request<Incoming>,
        connection: &ConnectionInfo,
    ) -> HttpResponse {
        if cors::is_preflight(&request) {
            return self.preflight(&request, connection, cors::MOUNT_METHODS);
        }
        let client = match self.admit(&request, connection, Cost::Other) {
            Ok(client) => client,
            Err(error) => return response::error(&error),
        };
        let mount_client = MountClient {
            address: client.address,
            network: client.network,
            slot: Arc::clone(&connection.slot),
        };
        let answered = mount
            .answer(request, mount_client, &self.mount_context)
            .await;
        drop(client.slot);
        answered.unwrap_or_else(|error| response::error(&error))
    }

    /// Answers a preflight, even if the network has used up its points or the server stops: a browser
    /// tells the page nothing about a preflight that failed. The request itself gets the error.
    fn preflight(
        &self,
        request: &Request<Incoming>,
        connection: &ConnectionInfo,
        methods: HeaderValue,
    ) -> HttpResponse {
        drop(self.charge_network(request, connection, Cost::Other));
        match self.check_origin(request) {
            Ok(()) => cors::preflight(methods),
            Err(error) => response::error(&error),
        }
    }

    /// Checks and charges a request before its body is read.
    fn admit(
        &self,
        request: &Request<Incoming>,
        connection: &ConnectionInfo,
        cost: Cost,
    ) -> Result<ClientNetwork, Error> {
        if self.health.status() == Status::Draining {
            return Err(Error::new(&DRAINING));
        }
        let client = self.charge_network(request, connection, cost)?;
        self.check_origin(request)?;
        Ok(client)
    }

    /// Refuses foreign pages, which must not act with the addresses of their visitors.
    fn check_origin(&self, request: &Request<Incoming>) -> Result<(), Error> {
        let allowed = &self.settings.allowed_origins;
        let Sender::ForeignPage(origin) = origin::sender(request.headers(), allowed) else {
            return Ok(());
        };
        self.gateway.shared.rejections.foreign_origin(&origin);
        Err(Error {
            about: Some("origin"),
            expected: Some(
                "pages of other sites may not do this, unless the operator of this server adds their \
                 origin to allowed_origins",
            ),
            ..Error::new(&FORBIDDEN)
        })
    }

    async fn run(
        &self,
        endpoint: Endpoint,
        request: Request<Incoming>,
        client: ClientNetwork,
    ) -> Result<HttpResponse, Error> {
        let api_request = self.api.read(endpoint, request, client.network).await?;
        let limited = if api_request.is_foreign() {
            &self.limited_foreign
        } else {
            &self.limited_api
        };
        let answered = limited.clone().oneshot(api_request).await;
        drop(client.slot);
        answered.map_err(|error| refusal(&error))
    }

    fn socket(
        &self,
        mut request: Request<Incoming>,
        connection: &ConnectionInfo,
        client: ClientNetwork,
    ) -> HttpResponse {
        if self.health.status() == Status::Draining {
            return response::error(&Error::new(&DRAINING));
        }
        let rejections = &self.gateway.shared.rejections;
        let answer = upgrade::answer(&request, &self.settings.allowed_origins, rejections);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let mut slot = connection.take_slot();
            if let (Some(slot), Some(network)) = (&mut slot, client.slot) {
                slot.count_for(network);
            }
            let peer = client.network;
            let upgraded = hyper::upgrade::on(&mut request);
            let gateway = self.gateway.clone();
            self.gateway
                .shared
                .tasks
                .once("gateway", "socket", async move {
                    if let Some((stream, read_ahead)) = upgrade::stream(upgraded).await {
                        let upgraded = Upgraded {
                            stream: stream.into(),
                            read_ahead,
                            peer,
                        };
                        let serving = {
                            let mut entered =
                                || slot.iter_mut().for_each(ConnectionSlot::became_socket);
                            gateway.serve_upgraded(upgraded, &mut entered)
                        };
                        serving.await;
                    }
                    drop(slot);
                });
        }
        answer
    }

    /// Charges the client's network for a request, and takes a slot of it if a proxy forwards the request.
    fn charge_network(
        &self,
        request: &Request<Incoming>,
        connection: &ConnectionInfo,
        cost: Cost,
    ) -> Result<ClientNetwork, Error> {
        let trusted = &self.settings.trusted_proxies;
        let client = client_address::client(connection.peer, request.headers(), trusted);
        let network = Peer::of(client);
        let shared = &self.gateway.shared;
        let bucket = shared.buckets.of_network(network, &shared.limits);
        bucket
            .charge(cost, &shared.limits)
            .inspect_err(|_| shared.rejections.busy_network())?;
        let forwarded = client != connection.peer;
        let slot = forwarded.then(|| connection.admission.enter_forwarded(network));
        let slot = slot.transpose().map_err(|_: AdmissionError| {
            shared.metrics.sockets.rejected(RejectReason::NetworkFull);
            Error::rate_limited(RETRY_AFTER)
        })?;
        Ok(ClientNetwork {
            address: client,
            network,
            slot,
        })
    }
}

impl ConnectionInfo {
    fn take_slot(&self) -> Option<ConnectionSlot> {
        let mut slot = self.slot.lock();
        slot.take()
    }
}

/// Puts the API behind a limit of requests at once and one of time.
fn limited(api: &Api, settings: &Settings, reply_within: Duration) -> LimitedApi {
    let api = api.clone();
    let stack = ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(settings.requests_max)
        .timeout(reply_within)
        .service(service_fn(move |api_request: ApiRequest| {
            let api = api.clone();
            async move { Ok::<_, BoxError>(api.answer(api_request).await) }
        }));
    BoxCloneSyncService::new(stack)
}

fn refusal(error: &BoxError) -> Error {
    if error.is::<tower::load_shed::error::Overloaded>() {
        return Error::new(&OVERLOADED);
    }
    if error.is::<tower::timeout::error::Elapsed>() {
        return Error::new(&OUTCOME_UNKNOWN);
    }
    tracing::error!(%error, "request failed with an unexpected error");
    Error::new(&INTERNAL)
}
