//! The task that carries spans to the collector, in batches, and says once how that goes.

use super::collector::Collector;
use super::counters::SpanCounters;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::trace::SpanData;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// Most spans of one request.
const BATCH: usize = 512;

/// How long a batch that is not full waits for company.
const GATHER: Duration = Duration::from_secs(1);

/// After a request in vain, before the next; doubled up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// The far end of the queue.
pub(super) struct Exporter {
    pub(super) spans: Receiver<SpanData>,
    pub(super) collector: Collector,
    pub(super) resource: ResourceAttributesWithSchema,
    pub(super) counters: Arc<SpanCounters>,
    /// From here on what waits is sent, and nothing else is waited for.
    pub(super) closing: CancellationToken,
}

impl Exporter {
    /// Until the end of the process; it ends when it is closing and the queue is empty.
    pub(super) async fn run(mut self) {
        let mut standing = ExportStatus::new(&self.counters);
        let mut pause = PAUSE_MIN;
        while let Some(batch) = self.batch().await {
            let sent = self.send(batch).await;
            standing.tell(&sent, &self.counters);
            if sent.is_ok() {
                pause = PAUSE_MIN;
                continue;
            }
            let rested = self.closing.run_until_cancelled(sleep(pause)).await;
            if rested.is_none() {
                return;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// What waits, or will within a moment. `None` at the end.
    async fn batch(&mut self) -> Option<Vec<SpanData>> {
        let mut batch = Vec::new();
        let first = self
            .closing
            .run_until_cancelled(self.spans.recv_many(&mut batch, BATCH));
        if first.await.is_none() {
            return self.rest();
        }
        let closing = self.closing.clone();
        let gathered = closing.run_until_cancelled(self.gather(&mut batch));
        // Closing, it goes as it is.
        let _ = gathered.await;
        (!batch.is_empty()).then_some(batch)
    }

    async fn gather(&mut self, batch: &mut Vec<SpanData>) {
        let end = Instant::now() + GATHER;
        while batch.len() < BATCH {
            let more = self.spans.recv_many(batch, BATCH - batch.len());
            if !matches!(timeout_at(end, more).await, Ok(1..)) {
                return;
            }
        }
    }

    /// What waits now.
    fn rest(&mut self) -> Option<Vec<SpanData>> {
        let batch: Vec<_> = std::iter::from_fn(|| self.spans.try_recv().ok())
            .take(BATCH)
            .collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn send(&self, batch: Vec<SpanData>) -> anyhow::Result<()> {
        let spans = batch.len();
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let sent = self
            .collector
            .take(&ExportTraceServiceRequest { resource_spans })
            .await;
        match sent {
            Ok(rejected) => {
                self.counters.sent(spans, rejected);
                Ok(())
            }
            Err(error) => {
                self.counters.lost(spans);
                Err(error)
            }
        }
    }
}

/// What was last said of the collector.
struct ExportStatus {
    is_away: bool,
    is_behind: bool,
    left_out: u64,
}

impl ExportStatus {
    fn new(counters: &SpanCounters) -> Self {
        Self {
            is_away: false,
            is_behind: false,
            left_out: counters.all_left_out(),
        }
    }

    /// One line for each change.
    fn tell(&mut self, sent: &anyhow::Result<()>, counters: &SpanCounters) {
        match sent {
            Err(error) if !self.is_away => {
                self.is_away = true;
                let error = format_args!("{error:#}");
                tracing::warn!(%error, "the collector takes no spans: they are left out");
            }
            Ok(()) if self.is_away => {
                self.is_away = false;
                tracing::info!("the collector takes spans again");
            }
            _ => {}
        }
        let left_out = counters.all_left_out() - self.left_out;
        self.left_out += left_out;
        let is_behind = left_out > 0;
        if is_behind && !self.is_behind && !self.is_away {
            tracing::warn!(
                left_out,
                "more spans than the collector takes: some are left out"
            );
        }
        self.is_behind = is_behind;
    }
}
