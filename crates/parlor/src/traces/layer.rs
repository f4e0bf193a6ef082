//! The layer that makes OpenTelemetry's spans of the log's.

use super::tracer::ParlorTracer;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The crates whose spans tell of commands.
const PARTS: [&str; 3] = ["gateway", "bus", "storage"];

/// It looks at spans down to debug, of the parts that carry commands out. LogOutput of the log are none
/// of its business: they may hold what a database says.
pub(crate) fn layer<S>(tracer: ParlorTracer) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let look = filter_fn(is_looked_at).with_max_level_hint(LevelFilter::DEBUG);
    OpenTelemetryLayer::new(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(look)
}

fn is_looked_at(what: &Metadata<'_>) -> bool {
    let part = what.target().split("::").next().unwrap_or_default();
    what.is_span() && *what.level() <= tracing::Level::DEBUG && PARTS.contains(&part)
}
