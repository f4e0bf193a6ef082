//! OpenTelemetry: the spans of commands and requests on their way to a collector.
//!
//! Without an endpoint there is no layer, and spans stay disabled as they were. With one, whoever
//! ends a span puts it into a bounded queue and never waits; a task of this crate takes batches out
//! of it and posts them as OTLP (protobuf over plain HTTP). A collector that is away, slow or silent
//! costs spans, which are counted, and nothing else. A root span has the trace id that errors and
//! log lines carry.

mod collector;
mod conventions;
mod counters;
mod exporter;
mod layer;
mod queue;
mod sampling;
mod tracer;

pub(crate) use layer::layer;
pub(crate) use tracer::ParlorTracer;

use crate::config::TraceSettings;
use bus::{Task, Tasks};
use collector::Collector;
use counters::SpanCounters;
use exporter::Exporter;
use gateway::{MetricsSource, MetricsWriter};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracer::ParlorIds;

/// The way of spans from the log's layer to the collector; built before there is a runtime.
pub(crate) struct TracePipeline {
    counters: Arc<SpanCounters>,
    exporter: Exporter,
    closing: CancellationToken,
}

/// The same while it runs.
pub(crate) struct RunningExporter {
    counters: Arc<SpanCounters>,
    task: Task,
    closing: CancellationToken,
}

/// What became of spans; all nought without a collector.
pub(crate) struct SpanMetrics(Arc<SpanCounters>);

impl TracePipeline {
    /// What the settings ask for: what makes spans, and what carries them away. `None` without an
    /// endpoint.
    pub(crate) fn new(settings: &TraceSettings) -> Option<(ParlorTracer, Self)> {
        let collector = Collector::new(settings)?;
        let counters = Arc::new(SpanCounters::default());
        let (queue, spans) = queue::pair(&counters);
        let resource = resource(settings);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(queue)
            .with_sampler(sampling::sampler(settings))
            .with_id_generator(ParlorIds::default())
            .with_resource(resource.clone())
            .build();
        let closing = CancellationToken::new();
        let exporter = Exporter {
            spans,
            collector,
            resource: (&resource).into(),
            counters: Arc::clone(&counters),
            closing: closing.clone(),
        };
        let traces = Self {
            counters,
            exporter,
            closing,
        };
        Some((ParlorTracer::new(provider.tracer("parlor")), traces))
    }

    /// Begins to carry spans away.
    pub(crate) fn start(self, tasks: &Tasks) -> RunningExporter {
        RunningExporter {
            counters: self.counters,
            task: tasks.once("parlor", "traces", self.exporter.run()),
            closing: self.closing,
        }
    }
}

impl RunningExporter {
    /// Sends what is still there; what a collector does not take `within` this time is left out.
    pub(crate) async fn flush(self, within: Duration) -> usize {
        self.closing.cancel();
        // Whatever is left is counted.
        let _ = tokio::time::timeout(within, self.task.ended()).await;
        self.counters.waiting()
    }
}

impl SpanMetrics {
    /// Of these, if there are any.
    pub(crate) fn of(exporting: Option<&RunningExporter>) -> Self {
        Self(
            exporting
                .map(|on| Arc::clone(&on.counters))
                .unwrap_or_default(),
        )
    }
}

impl MetricsSource for SpanMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let rows = self.0.ended();
        let rows = rows.map(|(outcome, spans)| ([("outcome", outcome)], spans));
        writer.counters("trace_spans", "Spans by what became of them", rows)
    }
}

/// Who says all this.
fn resource(settings: &TraceSettings) -> Resource {
    let given = settings.resource.iter();
    let given = given.map(|one| KeyValue::new(one.key.clone(), one.value.clone()));
    let service = settings.service_name.clone();
    let service = service.or_else(|| settings.resource_of("service.name"));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(given)
        .with_service_name(service.unwrap_or_else(|| "parlor".to_owned()))
        .build()
}
