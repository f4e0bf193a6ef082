//! The bounded queue from ended spans to the exporter; never blocks the code that ends a span.

use super::conventions;
use super::counters::SpanCounters;
use opentelemetry::Context;
use opentelemetry::trace::Status;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Spans that may be queued, some 500 bytes each; further ones are dropped.
const QUEUE_SPANS: usize = 8192;

/// The sending end of the queue.
#[derive(Debug)]
pub(super) struct SpanQueue {
    spans: Sender<SpanData>,
    counters: Arc<SpanCounters>,
}

/// Creates the queue and returns its two ends.
pub(super) fn pair(counters: &Arc<SpanCounters>) -> (SpanQueue, Receiver<SpanData>) {
    let (spans, exported) = channel(QUEUE_SPANS);
    let counters = Arc::clone(counters);
    (SpanQueue { spans, counters }, exported)
}

impl SpanProcessor for SpanQueue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    /// Queues the spans of sampled traces, and failed spans of all traces.
    fn on_end(&self, span: SpanData) {
        let sampled = span.span_context.is_sampled();
        let span = conventions::apply(span);
        if !sampled && !matches!(span.status, Status::Error { .. }) {
            return;
        }
        self.counters.queued();
        if self.spans.try_send(span).is_err() {
            self.counters.dropped();
        }
    }

    /// Does nothing: the exporter flushes itself at shutdown.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _within: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

    #[test]
    fn a_full_queue_leaves_out_and_counts_what_comes() {
        let counters = Arc::new(SpanCounters::default());
        let (queue, mut spans) = pair(&counters);
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_span_processor(queue)
            .build();
        let tracer = provider.tracer("test");
        for _ in 0..QUEUE_SPANS + 3 {
            drop(tracer.start("command"));
        }
        assert_eq!(
            (counters.waiting(), counters.dropped_total()),
            (QUEUE_SPANS, 3)
        );
        spans.try_recv().unwrap();
        counters.sent(1, 0);
        drop(tracer.start("command"));
        assert_eq!(
            (counters.waiting(), counters.dropped_total()),
            (QUEUE_SPANS, 3)
        );
        let ended = counters.ended();
        assert_eq!(ended, [("exported", 1), ("left_out", 3), ("lost", 0)]);
    }
}
