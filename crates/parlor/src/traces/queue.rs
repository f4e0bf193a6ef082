//! Where spans wait for the exporter: bounded, and whoever ends a span never waits.

use super::conventions;
use super::counters::SpanCounters;
use opentelemetry::Context;
use opentelemetry::trace::Status;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Spans that may wait, some 500 bytes each. One more is left out.
const QUEUE: usize = 8192;

/// The near end.
#[derive(Debug)]
pub(super) struct Queue {
    spans: Sender<SpanData>,
    counters: Arc<SpanCounters>,
}

/// Both ends.
pub(super) fn pair(counters: &Arc<SpanCounters>) -> (Queue, Receiver<SpanData>) {
    let (spans, exported) = channel(QUEUE);
    let counters = Arc::clone(counters);
    (Queue { spans, counters }, exported)
}

impl SpanProcessor for Queue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    /// Of a trace that was not chosen, what failed is kept all the same.
    fn on_end(&self, span: SpanData) {
        let chosen = span.span_context.is_sampled();
        let span = conventions::apply(span);
        if !chosen && !matches!(span.status, Status::Error { .. }) {
            return;
        }
        self.counters.comes();
        if self.spans.try_send(span).is_err() {
            self.counters.is_left_out();
        }
    }

    /// The exporter minds its own time.
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
        for _ in 0..QUEUE + 3 {
            drop(tracer.start("command"));
        }
        assert_eq!((counters.waiting(), counters.all_left_out()), (QUEUE, 3));
        spans.try_recv().unwrap();
        counters.sent(1, 0);
        drop(tracer.start("command"));
        assert_eq!((counters.waiting(), counters.all_left_out()), (QUEUE, 3));
        let ended = counters.ended();
        assert_eq!(ended, [("exported", 1), ("left_out", 3), ("lost", 0)]);
    }
}
