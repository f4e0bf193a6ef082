//! The people's listener: the page, the socket, the API, and how the server is.

use super::admission::{Admission, Full, NetworkPlace, Place};
use super::answer::{self, Answer, nothing_here, only, text};
use super::api::{Api, Asked};
use super::assets::Assets;
use super::endpoint::{self, Endpoint};
use super::health::{Health, Status};
use super::host::Hosts;
use super::network;
use super::origin::{self, Sender};
use super::upgrade;
use crate::connection::Peer;
use crate::metrics::TurnedAway;
use crate::wire::{Cost, DRAINING, Error, FORBIDDEN, INTERNAL, OUTCOME_UNKNOWN, OVERLOADED};
use crate::{Gateway, Settings};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt as _, service_fn};

const API: &str = "/api/v1";
/// When a network that has all its places taken may try again.
const AGAIN: Duration = Duration::from_secs(1);

/// The route of a path, with nothing in it that a user has chosen.
pub(super) fn route(path: &str) -> &'static str {
    if path == "/ws" {
        return "/ws";
    }
    path.strip_prefix(API).map_or("page", endpoint::route)
}

/// Where a request came from: the peer, and the place its connection takes.
#[derive(Clone)]
pub(super) struct Through {
    pub(super) peer: IpAddr,
    pub(super) admission: Admission,
    /// Taken along by the socket that the connection may become.
    pub(super) place: Arc<Mutex<Option<Place>>>,
}

/// Whom a request counts for.
struct From {
    network: Peer,
    /// One of its places, where its connection is a proxy's and takes none.
    place: Option<NetworkPlace>,
}

/// What is served to people. A cheap handle.
#[derive(Clone)]
pub(super) struct Routes {
    gateway: Gateway,
    health: Health,
    assets: Arc<Assets>,
    settings: Arc<Settings>,
    hosts: Arc<Hosts>,
    api: Api,
    /// The API behind its limits, for requests that are there as a whole.
    carried_out: BoxCloneSyncService<Asked, Answer, BoxError>,
}

impl Routes {
    pub(super) fn new(
        gateway: Gateway,
        health: Health,
        settings: Arc<Settings>,
        hosts: Hosts,
    ) -> Self {
        let api = Api::new(gateway.clone(), settings.body_bytes_max);
        let answering = api.clone();
        let stack = ServiceBuilder::new()
            .load_shed()
            .concurrency_limit(settings.requests_max)
            .timeout(gateway.limits().reply_within)
            .service(service_fn(move |asked: Asked| {
                let api = answering.clone();
                async move { Ok::<_, BoxError>(api.answer(asked).await) }
            }));
        Self {
            gateway,
            health,
            assets: Arc::new(Assets::new()),
            settings,
            hosts: Arc::new(hosts),
            api,
            carried_out: BoxCloneSyncService::new(stack),
        }
    }

    /// Answers one request.
    pub(super) async fn answer(self, request: Request<Incoming>, through: Through) -> Answer {
        if let Err(wrong) = self.hosts.check(&request) {
            return self.hosts.refuse(wrong, &self.gateway.shared.strangers);
        }
        let path = request.uri().path();
        if path == "/health" {
            return self.health(request.method());
        }
        if let Some(rest) = path.strip_prefix(API) {
            let path = rest.to_owned();
            return self.api(&path, request, &through).await;
        }
        let from = match self.pays(&request, &through, Cost::Other) {
            Ok(from) => from,
            Err(error) => return answer::error(&error),
        };
        if path == "/ws" {
            return self.socket(request, &through, from);
        }
        self.page(&request)
    }

    fn health(&self, method: &Method) -> Answer {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return only("GET, HEAD");
        }
        let status = self.health.status();
        text(status.code(), status.as_str())
    }

    fn page(&self, request: &Request<Incoming>) -> Answer {
        let path = request.uri().path();
        let Some(asset) = self.assets.answer(path, request.headers()) else {
            return nothing_here();
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return only("GET, HEAD");
        }
        asset
    }

    async fn api(&self, path: &str, request: Request<Incoming>, through: &Through) -> Answer {
        let endpoint = Endpoint::of(request.method(), path);
        let cost = endpoint.as_ref().map_or(Cost::Other, Endpoint::cost_before);
        let from = match self.begin(&request, through, cost) {
            Ok(from) => from,
            Err(error) => return answer::error(&error),
        };
        match endpoint {
            Ok(endpoint) => {
                let answered = self.carry_out(endpoint, request, from).await;
                answered.unwrap_or_else(|error| answer::error(&error))
            }
            Err(missing) => missing.answer(),
        }
    }

    /// Whom a request counts for, or what can be said against it before anything of its body is read.
    fn begin(
        &self,
        request: &Request<Incoming>,
        through: &Through,
        cost: Cost,
    ) -> Result<From, Error> {
        if self.health.status() == Status::Draining {
            return Err(Error::new(&DRAINING));
        }
        let from = self.pays(request, through, cost)?;
        self.is_let_in(request)?;
        Ok(from)
    }

    /// A foreign page may not act from the addresses of its visitors.
    fn is_let_in(&self, request: &Request<Incoming>) -> Result<(), Error> {
        let allowed = &self.settings.allowed_origins;
        let Sender::ForeignPage(origin) = origin::sender(request.headers(), allowed) else {
            return Ok(());
        };
        self.gateway.shared.strangers.foreign_origin(&origin);
        Err(Error {
            about: Some("origin"),
            expected: Some("the server's own, or one that allowed_origins names"),
            ..Error::new(&FORBIDDEN)
        })
    }

    async fn carry_out(
        &self,
        endpoint: Endpoint,
        request: Request<Incoming>,
        from: From,
    ) -> Result<Answer, Error> {
        let asked = self.api.read(endpoint, request, from.network).await?;
        let answered = self.carried_out.clone().oneshot(asked).await;
        drop(from.place);
        answered.map_err(|error| refusal(&error))
    }

    fn socket(&self, mut request: Request<Incoming>, through: &Through, from: From) -> Answer {
        if self.health.status() == Status::Draining {
            return answer::error(&Error::new(&DRAINING));
        }
        let strangers = &self.gateway.shared.strangers;
        let answer = upgrade::answer(&request, &self.settings.allowed_origins, strangers);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let mut place = through.take_place();
            if let (Some(place), Some(network)) = (&mut place, from.place) {
                place.count_for(network);
            }
            let peer = from.network;
            let upgraded = hyper::upgrade::on(&mut request);
            let gateway = self.gateway.clone();
            self.gateway
                .shared
                .tasks
                .once("gateway", "socket", async move {
                    if let Some(upgraded) = upgrade::stream(upgraded, peer).await {
                        let serving = {
                            let mut entered = || place.iter_mut().for_each(Place::became_socket);
                            gateway.serve_upgraded(upgraded, &mut entered)
                        };
                        serving.await;
                    }
                    drop(place);
                });
        }
        answer
    }

    /// Whom the request counts for: that network has paid for it, and has room for it.
    fn pays(
        &self,
        request: &Request<Incoming>,
        through: &Through,
        cost: Cost,
    ) -> Result<From, Error> {
        let trusted = &self.settings.trusted_proxies;
        let client = network::client(through.peer, request.headers(), trusted);
        let network = Peer::of(client);
        let shared = &self.gateway.shared;
        let bucket = shared.buckets.of_network(network, &shared.limits);
        bucket
            .pay(cost, &shared.limits)
            .inspect_err(|_| shared.strangers.busy_network())?;
        let forwarded = client != through.peer;
        let place = forwarded.then(|| through.admission.enter_forwarded(network));
        let place = place.transpose().map_err(|_: Full| {
            shared.metrics.sockets.turned_away(TurnedAway::NetworkFull);
            Error::rate_limited(AGAIN)
        })?;
        Ok(From { network, place })
    }
}

impl Through {
    fn take_place(&self) -> Option<Place> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    }
}

fn refusal(error: &BoxError) -> Error {
    if error.is::<tower::load_shed::error::Overloaded>() {
        return Error::new(&OVERLOADED);
    }
    if error.is::<tower::timeout::error::Elapsed>() {
        return Error::new(&OUTCOME_UNKNOWN);
    }
    tracing::error!(%error, "a request failed in a way that nobody foresaw");
    Error::new(&INTERNAL)
}
