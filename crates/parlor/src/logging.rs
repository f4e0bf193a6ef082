//! Sets up the log: to standard error, human-readable on a terminal, JSON otherwise.

use crate::config::{Config, LogFormat};
use crate::log_output;
use crate::log_rate_limit::RateLimitFilter;
use crate::traces::{self, ParlorTracer};
use std::io::IsTerminal as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

/// Sets up the log, and spans if there is a `tracer`. A panic is logged once: by the code that
/// catches it, with its trace, or else here.
pub(crate) fn start(config: &Config, tracer: Option<ParlorTracer>) {
    let lines = tracing_subscriber::registry().with(lines(config));
    match tracer {
        None => lines.init(),
        Some(tracer) => lines.with(traces::layer(tracer)).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        if !bus::panics::is_caught(panic) {
            tracing::error!(%panic, "panicked: this is a bug");
        }
    }));
}

fn lines(config: &Config) -> impl Layer<Registry> + use<> {
    let filter: Targets = config
        .log
        .0
        .parse()
        .expect("the configuration validated the log filter");
    let lines = fmt::layer().with_writer(log_output::start());
    let lines = if is_json(config.log_format) {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed()
    } else {
        lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .boxed()
    };
    lines.with_filter(RateLimitFilter::new(filter))
}

fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TraceSettings;
    use crate::traces::TracePipeline;
    use tracing::Subscriber as _;
    use tracing::level_filters::LevelFilter;
    use tracing::subscriber::with_default;
    use tracing::{Level, event_enabled, span_enabled};

    const SPAN: &str = "gateway::dispatch";

    #[test]
    fn without_a_collector_spans_cost_nothing() {
        let lines = tracing_subscriber::registry().with(lines(&Config::default()));
        assert_eq!(lines.max_level_hint(), Some(LevelFilter::INFO));
        with_default(lines, || {
            assert!(!span_enabled!(target: SPAN, Level::DEBUG));
        });
    }

    #[test]
    fn a_flood_of_lines_is_suppressed_and_disturbs_nobody() {
        let lines = tracing_subscriber::registry().with(lines(&Config::default()));
        with_default(lines, || {
            for number in 0..1_000 {
                tracing::info!(number, "a line of a flood");
            }
            assert!(event_enabled!(Level::INFO), "other lines are written");
        });
    }

    #[test]
    fn a_collector_gets_spans_and_changes_nothing_about_lines() {
        let settings = TraceSettings {
            endpoint: Some(crate::config::Endpoint {
                host: "localhost".to_owned(),
                port: 4318,
                path: "/v1/traces".to_owned(),
            }),
            ..TraceSettings::default()
        };
        let disabled = TraceSettings {
            disabled: true,
            ..settings.clone()
        };
        assert!(TracePipeline::new(&disabled).is_none());
        let (tracer, _traces) = TracePipeline::new(&settings).unwrap();
        let lines = tracing_subscriber::registry().with(lines(&Config::default()));
        with_default(lines.with(traces::layer(tracer)), || {
            assert!(span_enabled!(target: SPAN, Level::DEBUG));
            assert!(!span_enabled!(target: SPAN, Level::TRACE));
            assert!(!span_enabled!(target: "hyper", Level::DEBUG));
            assert!(!event_enabled!(target: SPAN, Level::DEBUG));
            assert!(event_enabled!(target: SPAN, Level::INFO));
        });
    }
}
