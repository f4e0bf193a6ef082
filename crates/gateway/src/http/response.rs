//! Responses, made in one place.

use crate::wire::{Error, METHOD_NOT_ALLOWED};
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

/// A response whose body is at hand.
pub(super) type HttpResponse = Response<Full<Bytes>>;

/// A status and a line for people.
pub(super) fn text(status: StatusCode, line: impl Into<Bytes>) -> HttpResponse {
    bytes(status, "text/plain; charset=utf-8", line.into())
}

/// A status and JSON that is already text.
pub(super) fn json_text(status: StatusCode, json: impl Into<Bytes>) -> HttpResponse {
    bytes(status, "application/json", json.into())
}

/// A status and this value's JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> HttpResponse {
    let json = serde_json::to_vec(value).expect("our own shapes are JSON");
    json_text(status, json)
}

/// A refusal or fault of the protocol, with its code as the status.
pub(super) fn error(error: &Error) -> HttpResponse {
    #[derive(Serialize)]
    struct Envelope<'a> {
        err: &'a Error,
    }
    let status = StatusCode::from_u16(error.kind.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = json(status, &Envelope { err: error });
    if status == StatusCode::UNAUTHORIZED {
        set(&mut answer, header::WWW_AUTHENTICATE, "Bearer");
    }
    if let Some(after) = error.retry_after {
        let seconds = after.as_millis().div_ceil(1_000).to_string();
        set(&mut answer, header::RETRY_AFTER, &seconds);
    }
    answer
}

/// The path is there and the method is not.
pub(super) fn method_not_allowed(methods: &'static str) -> HttpResponse {
    let mut answer = error(&Error::new(&METHOD_NOT_ALLOWED));
    set(&mut answer, header::ALLOW, methods);
    answer
}

/// There is no such path.
pub(super) fn not_found() -> HttpResponse {
    text(StatusCode::NOT_FOUND, "there is nothing here\n")
}

/// Sets one header.
pub(super) fn set(answer: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Any body; nobody keeps a copy of it, and nobody guesses what it is.
pub(super) fn bytes(status: StatusCode, kind: &'static str, body: Bytes) -> HttpResponse {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, kind);
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}
