//! Maps Parlor's spans to OpenTelemetry's conventions: names, kinds and status.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use std::borrow::Cow;

/// Codes from here on are server errors, not refusals.
const SERVER_ERROR: i64 = 500;

/// Converts a span to what collectors expect. Span names contain no user input.
pub(super) fn apply(mut span: SpanData) -> SpanData {
    span.span_kind = kind(&span.name);
    span.status = status(&span.attributes);
    if let Some(name) = display_name(&span) {
        span.name = Cow::Owned(name);
    }
    // The tracer has turned these into the ids of the span.
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

/// Returns a name that tells spans of one kind apart.
fn display_name(span: &SpanData) -> Option<String> {
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
        (is_code && matches!(one.value, Value::I64(code) if code >= SERVER_ERROR))
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
