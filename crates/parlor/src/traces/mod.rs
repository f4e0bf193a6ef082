//! OpenTelemetry: exports the spans of commands and requests to a collector.
//!
//! Without an endpoint there is no layer and spans stay disabled. With one, an ended span goes into
//! a bounded queue without waiting; a task takes batches out of it and posts them as OTLP (protobuf
//! over plain HTTP). An unreachable, slow or silent collector costs spans, which are counted, and
//! nothing else. A root span has the trace id that errors and log lines show.

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
use tracer::ParlorIdGenerator;

/// Carries spans from the tracing layer to the collector; built before the runtime starts.
pub(crate) struct TracePipeline {
    counters: Arc<SpanCounters>,
    exporter: Exporter,
    closing: CancellationToken,
}

/// A started [`TracePipeline`].
pub(crate) struct RunningExporter {
    counters: Arc<SpanCounters>,
    task: Task,
    closing: CancellationToken,
}

/// Metrics of exported and lost spans; all zero without a collector.
pub(crate) struct SpanMetrics(Arc<SpanCounters>);

impl TracePipeline {
    /// Builds the tracer and the pipeline from the settings. Returns `None` without an endpoint.
    pub(crate) fn new(settings: &TraceSettings) -> Option<(ParlorTracer, Self)> {
        let collector = Collector::new(settings)?;
        let counters = Arc::new(SpanCounters::default());
        let (queue, spans) = queue::pair(&counters);
        let resource = resource(settings);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(queue)
            .with_sampler(sampling::sampler(settings))
            .with_id_generator(ParlorIdGenerator::default())
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

    /// Starts the export task.
    pub(crate) fn start(self, tasks: &Tasks) -> RunningExporter {
        RunningExporter {
            counters: self.counters,
            task: tasks.once("parlor", "traces", self.exporter.run()),
            closing: self.closing,
        }
    }
}

impl RunningExporter {
    /// Sends the queued spans within a time limit and returns how many are left.
    pub(crate) async fn flush(self, within: Duration) -> usize {
        self.closing.cancel();
        // After a timeout, the counters know what is left.
        let _ = tokio::time::timeout(within, self.task.ended()).await;
        self.counters.waiting()
    }
}

impl SpanMetrics {
    /// Returns the metrics of an exporter, or zeros.
    pub(crate) fn of(exporting: Option<&RunningExporter>) -> Self {
        Self(
            exporting
                .map(|exporter| Arc::clone(&exporter.counters))
                .unwrap_or_default(),
        )
    }
}

impl MetricsSource for SpanMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let rows = self.0.ended();
        let rows = rows.map(|(outcome, spans)| ([("outcome", outcome)], spans));
        writer.counters("trace_spans", "Ended spans by outcome", rows)
    }
}

/// Returns the OpenTelemetry resource that describes this process.
fn resource(settings: &TraceSettings) -> Resource {
    let attributes = settings.resource.iter();
    let attributes = attributes.map(|one| KeyValue::new(one.key.clone(), one.value.clone()));
    let service = settings.service_name.clone();
    let service = service.or_else(|| settings.resource_attribute("service.name"));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(attributes)
        .with_service_name(service.unwrap_or_else(|| "parlor".to_owned()))
        .build()
}
