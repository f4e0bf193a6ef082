//! Counts what becomes of ended spans.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Totals by outcome, and the number of spans that wait to be exported.
#[derive(Debug, Default)]
pub(super) struct SpanCounters {
    waiting: AtomicUsize,
    exported: AtomicU64,
    dropped: AtomicU64,
    lost: AtomicU64,
}

impl SpanCounters {
    /// Counts a span that enters the queue.
    pub(super) fn queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a span that did not fit into the queue, after [`SpanCounters::queued`].
    pub(super) fn dropped(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts sent spans. The collector accepted all but `rejected` of them.
    pub(super) fn sent(&self, spans: usize, rejected: u64) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let accepted = (spans as u64).saturating_sub(rejected);
        self.exported.fetch_add(accepted, Ordering::Relaxed);
        self.lost
            .fetch_add(spans as u64 - accepted, Ordering::Relaxed);
    }

    /// Counts spans that could not be sent.
    pub(super) fn lost(&self, spans: usize) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        self.lost.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Returns the number of spans in the queue or in an unconfirmed batch.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Returns how many spans were dropped so far because the queue was full.
    pub(super) fn dropped_total(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns the totals by outcome, as the metrics name them.
    pub(super) fn ended(&self) -> [(&'static str, u64); 3] {
        [
            ("exported", &self.exported),
            ("left_out", &self.dropped),
            ("lost", &self.lost),
        ]
        .map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }
}
