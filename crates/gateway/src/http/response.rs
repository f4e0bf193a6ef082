//! Constructors of HTTP responses.

use crate::wire::{Error, METHOD_NOT_ALLOWED};
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

/// A response with a complete body.
pub(super) type HttpResponse = Response<Full<Bytes>>;

/// Returns a plain-text response.
pub(super) fn text(status: StatusCode, line: impl Into<Bytes>) -> HttpResponse {
    bytes(status, "text/plain; charset=utf-8", line.into())
}

/// Returns a JSON response from encoded JSON.
pub(super) fn json_text(status: StatusCode, json: impl Into<Bytes>) -> HttpResponse {
    bytes(status, "application/json", json.into())
}

/// Returns a response with this value as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> HttpResponse {
    let json = serde_json::to_vec(value).expect("our own shapes are JSON");
    json_text(status, json)
}

/// Returns an error of the protocol, with its code as the status.
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

/// Returns 405 with the allowed methods.
pub(super) fn method_not_allowed(methods: &'static str) -> HttpResponse {
    let mut answer = error(&Error::new(&METHOD_NOT_ALLOWED));
    set(&mut answer, header::ALLOW, methods);
    answer
}

/// Returns 404 with a line of text.
pub(super) fn not_found() -> HttpResponse {
    text(StatusCode::NOT_FOUND, "There is nothing at this address.\n")
}

/// Sets a header; does nothing if the value is not valid in a header.
pub(super) fn set(answer: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Returns a response with this body, which clients neither store nor sniff.
pub(super) fn bytes(status: StatusCode, kind: &'static str, body: Bytes) -> HttpResponse {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, kind);
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}
