//! Errors as clients get them: those of the chat, and a few of the same shape that arise before it.

use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The pause before the next try if the chat names none.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An error in the shape of docs/protocol.md.
#[derive(Debug)]
pub(super) struct Refusal {
    json: String,
    known: KnownFields,
}

#[derive(Debug, Default, Deserialize)]
struct KnownFields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    retryable: bool,
    retry_after_ms: Option<u64>,
}

impl Refusal {
    /// Takes an error of the chat.
    pub(super) fn of_chat(json: &str) -> Self {
        let known = serde_json::from_str(json).unwrap_or_default();
        let json = json.to_owned();
        Self { json, known }
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(
            401,
            "unauthenticated",
            json!({}),
            "Please authenticate first: in the auth of the connection, or with emit(\"authenticate\").",
        )
    }

    pub(super) fn no_credentials() -> Self {
        Self::new(
            400,
            "bad_request",
            json!({ "field": "username" }),
            "The field username is missing: please give one of username, token and jwt.",
        )
    }

    pub(super) fn other_identity() -> Self {
        Self::new(
            400,
            "bad_request",
            json!({ "field": "username" }),
            "This connection is signed in already: please disconnect before you sign in as somebody else.",
        )
    }

    pub(super) fn binary() -> Self {
        Self::new(
            400,
            "bad_request",
            json!({ "field": "d" }),
            "Binary data is not supported: please send text.",
        )
    }

    pub(super) fn field(field: &str, expected: &str) -> Self {
        let message = format!("The field {field} {expected}.");
        Self::new(400, "bad_request", json!({ "field": field }), &message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            413,
            "too_large",
            json!({}),
            "That is too long: please send less at once.",
        )
    }

    pub(super) fn full() -> Self {
        Self::new(
            403,
            "limit_reached",
            json!({ "limit": "connections_per_address" }),
            "Your network has as many connections as it may have: please close some.",
        )
    }

    fn new(code: u16, name: &str, more: Value, message: &str) -> Self {
        let mut error = json!({
            "code": code,
            "name": name,
            "message": message,
            "retryable": false,
        });
        if let (Value::Object(error), Value::Object(more)) = (&mut error, more) {
            error.extend(more);
        }
        Self::of_chat(&error.to_string())
    }

    /// Returns whether the same may succeed later.
    pub(super) fn is_retryable(&self) -> bool {
        self.known.retryable
    }

    pub(super) fn retry_after(&self) -> Duration {
        self.known
            .retry_after_ms
            .map_or(RETRY_AFTER, Duration::from_millis)
    }

    pub(super) fn as_json(&self) -> &str {
        &self.json
    }

    /// Returns what a client's `connect_error` gets.
    pub(super) fn connect_error(&self) -> Value {
        let data: Value = serde_json::from_str(&self.json).unwrap_or_default();
        json!({ "message": self.known.message, "data": data })
    }

    /// Returns what a client's `error` gets.
    pub(super) fn event(&self) -> Value {
        json!({ "message": self.known.message, "name": self.known.name })
    }
}
