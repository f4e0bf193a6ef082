//! The layer that turns tracing spans into OpenTelemetry spans.

use super::tracer::ParlorTracer;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The crates whose spans belong to commands.
const CRATES: [&str; 3] = ["gateway", "bus", "storage"];

/// Returns a layer for the spans, down to debug, of the crates that carry out commands. Events are
/// not exported, since they may contain database errors.
pub(crate) fn layer<S>(tracer: ParlorTracer) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let filter = filter_fn(is_exported).with_max_level_hint(LevelFilter::DEBUG);
    OpenTelemetryLayer::new(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(filter)
}

fn is_exported(metadata: &Metadata<'_>) -> bool {
    let name = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && *metadata.level() <= tracing::Level::DEBUG && CRATES.contains(&name)
}
