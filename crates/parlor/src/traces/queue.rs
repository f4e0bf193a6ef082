//! Where spans wait for the exporter: bounded, and whoever ends a span never waits.

use super::dress::dress;
use super::tally::Tally;
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
    tally: Arc<Tally>,
}

/// Both ends.
pub(super) fn pair(tally: &Arc<Tally>) -> (Queue, Receiver<SpanData>) {
    let (spans, exported) = channel(QUEUE);
    let tally = Arc::clone(tally);
    (Queue { spans, tally }, exported)
}

impl SpanProcessor for Queue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    /// Of a trace that was not chosen, what failed is kept all the same.
    fn on_end(&self, span: SpanData) {
        let chosen = span.span_context.is_sampled();
        let span = dress(span);
        if !chosen && !matches!(span.status, Status::Error { .. }) {
            return;
        }
        self.tally.comes();
        if self.spans.try_send(span).is_err() {
            self.tally.is_left_out();
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
