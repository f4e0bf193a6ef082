//! The people's listener: the page, the socket, the API, and how the server is.

use super::admission::Place;
use super::answer::{self, Answer, nothing_here, only, text};
use super::api::Api;
use super::assets::Assets;
use super::health::{Health, Status};
use super::network;
use super::upgrade;
use crate::socket::Peer;
use crate::wire::{DRAINING, Error, INTERNAL, OUTCOME_UNKNOWN, OVERLOADED};
use crate::{Gateway, Settings};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt as _, service_fn};

const API: &str = "/api/v1";

/// The route of a path, with nothing in it that a user has chosen.
pub(super) fn route(path: &str) -> &'static str {
    if path == "/ws" {
        return "/ws";
    }
    path.strip_prefix(API).map_or("page", super::api::route)
}

/// Where a request came from: the peer, and the place its connection takes.
#[derive(Clone)]
pub(super) struct Through {
    pub(super) peer: IpAddr,
    /// Taken along by the socket that the connection may become.
    pub(super) place: Arc<Mutex<Option<Place>>>,
}

/// What is served to people. A cheap handle.
#[derive(Clone)]
pub(super) struct Routes {
    gateway: Gateway,
    health: Health,
    assets: Arc<Assets>,
    settings: Arc<Settings>,
    /// The API behind its limits.
    api: BoxCloneSyncService<Call, Answer, BoxError>,
}

/// A request of the API.
struct Call {
    path: String,
    request: Request<Incoming>,
    from: Peer,
}

impl Routes {
    pub(super) fn new(gateway: Gateway, health: Health, settings: Arc<Settings>) -> Self {
        let api = Api::new(gateway.clone(), settings.body_bytes_max);
        let stack =
            ServiceBuilder::new()
                .load_shed()
                .concurrency_limit(settings.requests_max)
                .timeout(gateway.limits().reply_within)
                .service(service_fn(move |call: Call| {
                    let api = api.clone();
                    async move {
                        Ok::<_, BoxError>(api.answer(call.path, call.request, call.from).await)
                    }
                }));
        Self {
            gateway,
            health,
            assets: Arc::new(Assets::new()),
            settings,
            api: BoxCloneSyncService::new(stack),
        }
    }

    /// Answers one request.
    pub(super) async fn answer(self, request: Request<Incoming>, through: Through) -> Answer {
        let path = request.uri().path();
        if path == "/ws" {
            return self.socket(request, &through);
        }
        if let Some(rest) = path.strip_prefix(API) {
            let path = rest.to_owned();
            return self.api(path, request, through.peer).await;
        }
        self.page(&request)
    }

    fn page(&self, request: &Request<Incoming>) -> Answer {
        let path = request.uri().path();
        let asset = self.assets.answer(path, request.headers());
        if asset.is_none() && path != "/health" {
            return nothing_here();
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return only("GET, HEAD");
        }
        asset.unwrap_or_else(|| {
            let status = self.health.status();
            text(status.code(), status.as_str())
        })
    }

    async fn api(&self, path: String, request: Request<Incoming>, peer: IpAddr) -> Answer {
        if self.health.status() == Status::Draining {
            return answer::error(&Error::new(&DRAINING));
        }
        let from = self.client(peer, &request);
        let call = Call {
            path,
            request,
            from,
        };
        let answered = self.api.clone().oneshot(call).await;
        answered.unwrap_or_else(|error| answer::error(&refusal(&error)))
    }

    fn socket(&self, mut request: Request<Incoming>, through: &Through) -> Answer {
        if self.health.status() == Status::Draining {
            return answer::error(&Error::new(&DRAINING));
        }
        let answer = upgrade::answer(&request, &self.settings.allowed_origins);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let peer = self.client(through.peer, &request);
            let mut place = through
                .place
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(place) = &mut place {
                place.became_socket();
            }
            let upgraded = hyper::upgrade::on(&mut request);
            let gateway = self.gateway.clone();
            self.gateway
                .shared
                .tasks
                .once("gateway", "socket", async move {
                    if let Some((stream, read_ahead)) = upgrade::stream(upgraded).await {
                        gateway.serve(stream, read_ahead, peer).await;
                    }
                    drop(place);
                });
        }
        answer
    }

    fn client(&self, peer: IpAddr, request: &Request<Incoming>) -> Peer {
        let trusted = &self.settings.trusted_proxies;
        Peer::of(network::client(peer, request.headers(), trusted))
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
