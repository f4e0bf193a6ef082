//! Cross-origin requests (CORS): lets pages of allowed origins use the API, as they may use `/ws`.
//!
//! Tokens travel in `Authorization` alone and no cookie exists, so credentials are never allowed.

use super::mount::Mounts;
use super::origin::{self, Sender};
use super::response::HttpResponse;
use super::routes;
use super::stack::{BoxedResponse, HttpService};
use crate::Settings;
use http::header::{self, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use std::sync::Arc;
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt as _, service_fn};

/// The methods of the API.
pub(super) const API_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// The methods that a mount may take.
pub(super) const MOUNT_METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What requests need, and what the server reads besides.
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, traceparent");
const RESPONSE_HEADERS: HeaderValue =
    HeaderValue::from_static("allow, retry-after, www-authenticate");
/// How long browsers may remember a preflight, seconds: the most that Chromium does.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const VARY: HeaderValue = HeaderValue::from_static("Origin");

/// Adds the headers to every response of the API and of mounts, whatever it is.
pub(super) fn layer(
    service: HttpService,
    settings: Arc<Settings>,
    mounts: Arc<Mounts>,
) -> HttpService {
    BoxCloneSyncService::new(service_fn(move |request: Request<_>| {
        let allowed = allowed_origin(&request, &settings);
        let is_shared = routes::is_shared(request.uri().path(), &mounts);
        let answered = service.clone().oneshot(request);
        async move {
            let mut response: BoxedResponse = answered.await?;
            if is_shared {
                // A mount may have said what else its response depends on.
                response.headers_mut().append(header::VARY, VARY);
            }
            if let Some(origin) = allowed.filter(|_| is_shared) {
                set(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                let exposed = header::ACCESS_CONTROL_EXPOSE_HEADERS;
                set(&mut response, exposed, RESPONSE_HEADERS);
            }
            Ok(response)
        }
    }))
}

/// Returns the origin of an allowed page, as it was sent.
fn allowed_origin<B>(request: &Request<B>, settings: &Settings) -> Option<HeaderValue> {
    let headers = request.headers();
    let sender = origin::sender(headers, &settings.allowed_origins);
    let listed = sender == Sender::ListedPage;
    headers.get(header::ORIGIN).filter(|_| listed).cloned()
}

/// Returns whether a browser asks what a page may send.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Returns the answer to a preflight. It is the same for each path of the API and for each mount: only so does the page learn what is
/// wrong with the request itself.
pub(super) fn preflight(methods: HeaderValue) -> HttpResponse {
    let mut response = HttpResponse::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    set(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    let headers = header::ACCESS_CONTROL_ALLOW_HEADERS;
    set(&mut response, headers, REQUEST_HEADERS);
    set(&mut response, header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

fn set<B>(response: &mut Response<B>, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
