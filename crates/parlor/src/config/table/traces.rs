//! `OpenTelemetry`: the variables of its standard, by their own names.

use crate::config::setting::{Setting, millis, value};
use crate::config::traces::{Endpoint, SamplerName};
use crate::config::{Config, TraceSettings};

/// What their names begin with, instead of Parlor's prefix.
pub(crate) const PREFIX: &str = "OTEL_";

/// Whether a variable of that standard is among those that Parlor reads: it has many more.
pub(crate) fn is_known(key: &str) -> bool {
    rows().iter().any(|row| row.key == key)
}

pub(super) fn rows() -> Vec<Setting<Config>> {
    let mut rows = collector();
    rows.extend(what());
    rows
}

fn collector() -> Vec<Setting<Config>> {
    vec![
        value("otel_exporter_otlp_endpoint", Endpoint::EXPECTED, |c| {
            &mut of(c).endpoint
        })
        .about(
            "Where the spans of commands and requests are sent; /v1/traces is put behind it. \
             Unset: nothing is traced.",
        ),
        value("otel_sdk_disabled", "true or false", |c| {
            &mut of(c).disabled
        })
        .about("TracePipeline nothing in spite of an endpoint."),
        value("otel_exporter_otlp_protocol", "http/protobuf", |c| {
            &mut of(c).protocol
        })
        .about("How the collector is spoken to: this way alone."),
        value(
            "otel_exporter_otlp_headers",
            "key=value pairs with commas between them, values percent-encoded",
            |c| &mut of(c).headers,
        )
        .secret()
        .about("Headers of each request to the collector."),
        millis("otel_exporter_otlp_timeout", 10..=600_000, |c| {
            &mut of(c).timeout
        })
        .about("Time for one request to the collector.")
        .ends(
            "A slow collector misses spans.",
            "A silent one is noticed late, and more spans are left out meanwhile.",
        ),
    ]
}

fn what() -> Vec<Setting<Config>> {
    vec![
        value("otel_service_name", "a name", |c| &mut of(c).service_name)
            .about("What the server is called there. Unset: parlor."),
        value(
            "otel_resource_attributes",
            "key=value pairs with commas between them, values percent-encoded",
            |c| &mut of(c).resource,
        )
        .about("What else is said of the server: deployment.environment.name=production."),
        value("otel_traces_sampler", SamplerName::EXPECTED, |c| {
            &mut of(c).sampler
        })
        .about(
            "Which traces are kept. What failed is sent all the same, unless it is one of the \
             always_off.",
        ),
        value(
            "otel_traces_sampler_arg",
            "a share from 0 to 1, for a sampler with traceidratio",
            |c| &mut of(c).ratio,
        )
        .about("What share of the traces is kept. Unset: 0.01.")
        .ends(
            "Rare trouble is seen by its failures alone.",
            "A busy server spends its time on spans, and the collector cannot follow.",
        ),
    ]
}

fn of(config: &mut Config) -> &mut TraceSettings {
    &mut config.traces
}
