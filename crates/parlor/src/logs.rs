//! Where log lines go: standard error, for people on a terminal, as JSON otherwise.

use crate::config::{Config, LogFormat};
use crate::lines;
use crate::traces::{self, HouseTracer};
use std::io::IsTerminal as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

/// Sets up the log; a panic is a line of it like any other, said once: by whoever catches it, under
/// its trace, or else here. Spans are made for `tracer`, if there is one.
pub(crate) fn start(config: &Config, tracer: Option<HouseTracer>) {
    let lines = tracing_subscriber::registry().with(lines(config));
    match tracer {
        None => lines.init(),
        Some(tracer) => lines.with(traces::layer(tracer)).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        if !bus::panics::is_caught(panic) {
            tracing::error!(%panic, "a bug");
        }
    }));
}

fn lines(config: &Config) -> impl Layer<Registry> + use<> {
    let filter: Targets = config
        .log
        .0
        .parse()
        .expect("a log filter was parsed when it was read");
    let lines = fmt::layer().with_writer(lines::start());
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
    lines.with_filter(filter)
}

fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    }
}
