//! The standard variables of `OpenTelemetry`, under their own names.

use crate::config::traces::{Endpoint, SamplerName};
use crate::config::{Config, TraceSettings};
use settings::{Setting, millis, value};

/// Prefix of the standard variables.
pub(crate) const PREFIX: &str = "OTEL_";

/// Returns whether Parlor reads this standard variable; the standard has many more.
pub(crate) fn is_known(key: &str) -> bool {
    rows().iter().any(|row| row.key() == key)
}

pub(super) fn rows() -> Vec<Setting<Config>> {
    let mut rows = collector();
    rows.extend(resource_and_sampling());
    rows
}

fn collector() -> Vec<Setting<Config>> {
    vec![
        value("otel_exporter_otlp_endpoint", Endpoint::EXPECTED, |c| {
            &mut of(c).endpoint
        })
        .about(
            "Collector that receives the spans of commands and requests; /v1/traces is appended. \
             Unset: nothing is traced.",
        ),
        value("otel_sdk_disabled", "true or false", |c| {
            &mut of(c).disabled
        })
        .about("Disables tracing even if there is an endpoint."),
        value("otel_exporter_otlp_protocol", "http/protobuf", |c| {
            &mut of(c).protocol
        })
        .about("Protocol of the collector; only this one is supported."),
        value(
            "otel_exporter_otlp_headers",
            "key=value pairs separated by commas, values percent-encoded",
            |c| &mut of(c).headers,
        )
        .secret()
        .about("Headers of each request to the collector."),
        millis("otel_exporter_otlp_timeout", 10..=600_000, |c| {
            &mut of(c).timeout
        })
        .about("Time limit of one request to the collector.")
        .ends(
            "A slow collector misses spans.",
            "A silent collector is noticed late, and more spans are dropped meanwhile.",
        ),
    ]
}

fn resource_and_sampling() -> Vec<Setting<Config>> {
    vec![
        value("otel_service_name", "a name", |c| &mut of(c).service_name)
            .about("Name of the server in the traces. Unset: parlor."),
        value(
            "otel_resource_attributes",
            "key=value pairs separated by commas, values percent-encoded",
            |c| &mut of(c).resource,
        )
        .about("Further attributes of the server, such as deployment.environment.name=production."),
        value("otel_traces_sampler", SamplerName::EXPECTED, |c| {
            &mut of(c).sampler
        })
        .about(
            "Which traces are kept. Failed spans are sent in any case, unless the sampler is \
             always_off or parentbased_always_off.",
        ),
        value(
            "otel_traces_sampler_arg",
            "a share from 0 to 1, for a sampler with traceidratio",
            |c| &mut of(c).ratio,
        )
        .about("Share of traces that are kept. Unset: 0.01.")
        .ends(
            "Rare problems show only as failed spans.",
            "A busy server spends its time on spans, and the collector cannot keep up.",
        ),
    ]
}

fn of(config: &mut Config) -> &mut TraceSettings {
    &mut config.traces
}
