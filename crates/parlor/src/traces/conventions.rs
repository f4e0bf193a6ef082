//! From the house's words to OpenTelemetry's: names, kinds and status, in this one place.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use std::borrow::Cow;

/// What was failed by us rather than declined.
const FAULT: i64 = 500;

/// A span as collectors expect it. All words in its name come from lists of our own.
pub(super) fn apply(mut span: SpanData) -> SpanData {
    span.span_kind = kind(&span.name);
    span.status = status(&span.attributes);
    if let Some(what) = what(&span) {
        span.name = Cow::Owned(what);
    }
    // They have become the ids of the span.
    span.attributes
        .retain(|one| !matches!(one.key.as_str(), "trace" | "parent"));
    span
}

fn kind(name: &str) -> SpanKind {
    match name {
        "http" | "command" => SpanKind::Server,
        _ => SpanKind::Internal,
    }
}

/// What it is called where many are shown side by side.
fn what(span: &SpanData) -> Option<String> {
    let get = |key| text(&span.attributes, key);
    let name = &span.name;
    match &**name {
        "http" => Some(format!(
            "{} {}",
            get("http.request.method")?,
            get("http.route")?
        )),
        "command" => Some(format!("{name} {}", get("op")?)),
        "handle" => Some(format!("{} {}", get("subscriber")?, get("name")?)),
        "job" => Some(format!("{name} {}", get("job")?)),
        "read" => Some(format!("{name} {}", get("operation")?)),
        _ => None,
    }
}

fn status(attributes: &[KeyValue]) -> Status {
    let failed = attributes.iter().any(|one| {
        let is_code = matches!(one.key.as_str(), "code" | "http.response.status_code");
        let is_outcome = one.key.as_str() == "outcome";
        (is_code && matches!(one.value, Value::I64(code) if code >= FAULT))
            || (is_outcome && one.value.as_str() == "failed")
    });
    if !failed {
        return Status::Unset;
    }
    Status::error(text(attributes, "outcome").unwrap_or_default())
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let mut values = attributes.iter().filter(|one| one.key.as_str() == key);
    values.next().map(|one| one.value.as_str().into_owned())
}
