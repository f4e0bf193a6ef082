//! The task that sends spans to the collector in batches and logs when that starts or stops
//! working.

use super::collector::Collector;
use super::counters::SpanCounters;
use bus::Backoff;
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
const BATCH_MAX: usize = 512;

/// How long a batch that is not full waits for more spans.
const BATCH_WAIT: Duration = Duration::from_secs(1);

/// The first and the longest pause after a failed request.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// The export task, which owns the receiving end of the queue.
pub(super) struct Exporter {
    pub(super) spans: Receiver<SpanData>,
    pub(super) collector: Collector,
    pub(super) resource: ResourceAttributesWithSchema,
    pub(super) counters: Arc<SpanCounters>,
    /// Once cancelled, sends what is queued and ends.
    pub(super) closing: CancellationToken,
}

impl Exporter {
    /// Runs until it is closing and the queue is empty.
    pub(super) async fn run(mut self) {
        let mut status = ExportStatus::new(&self.counters);
        let mut backoff = Backoff::between(BACKOFF_MIN, BACKOFF_MAX);
        while let Some(batch) = self.batch().await {
            let sent = self.send(batch).await;
            status.log_change(&sent, &self.counters);
            if sent.is_ok() {
                backoff.reset();
                continue;
            }
            let waited = self
                .closing
                .run_until_cancelled(sleep(backoff.pause()))
                .await;
            if waited.is_none() {
                return;
            }
        }
    }

    /// Waits for the next batch. Returns `None` at the end.
    async fn batch(&mut self) -> Option<Vec<SpanData>> {
        let mut batch = Vec::new();
        let first = self
            .closing
            .run_until_cancelled(self.spans.recv_many(&mut batch, BATCH_MAX));
        if first.await.is_none() {
            return self.rest();
        }
        let closing = self.closing.clone();
        let gathered = closing.run_until_cancelled(self.gather(&mut batch));
        // If closing, the batch is sent as it is.
        let _ = gathered.await;
        (!batch.is_empty()).then_some(batch)
    }

    async fn gather(&mut self, batch: &mut Vec<SpanData>) {
        let end = Instant::now() + BATCH_WAIT;
        while batch.len() < BATCH_MAX {
            let more = self.spans.recv_many(batch, BATCH_MAX - batch.len());
            if !matches!(timeout_at(end, more).await, Ok(1..)) {
                return;
            }
        }
    }

    /// Returns what is queued now.
    fn rest(&mut self) -> Option<Vec<SpanData>> {
        let batch: Vec<_> = std::iter::from_fn(|| self.spans.try_recv().ok())
            .take(BATCH_MAX)
            .collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn send(&self, batch: Vec<SpanData>) -> anyhow::Result<()> {
        let spans = batch.len();
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let sent = self
            .collector
            .export(&ExportTraceServiceRequest { resource_spans })
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

/// What the log last said about the collector.
struct ExportStatus {
    is_failing: bool,
    is_dropping: bool,
    left_out: u64,
}

impl ExportStatus {
    fn new(counters: &SpanCounters) -> Self {
        Self {
            is_failing: false,
            is_dropping: false,
            left_out: counters.dropped_total(),
        }
    }

    /// Logs one line for each change.
    fn log_change(&mut self, sent: &anyhow::Result<()>, counters: &SpanCounters) {
        match sent {
            Err(error) if !self.is_failing => {
                self.is_failing = true;
                let error = format_args!("{error:#}");
                tracing::warn!(%error, "the collector does not accept spans, dropping them");
            }
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                tracing::info!("the collector accepts spans again");
            }
            _ => {}
        }
        let left_out = counters.dropped_total() - self.left_out;
        self.left_out += left_out;
        let is_dropping = left_out > 0;
        if is_dropping && !self.is_dropping && !self.is_failing {
            tracing::warn!(left_out, "the collector is too slow, dropping spans");
        }
        self.is_dropping = is_dropping;
    }
}
