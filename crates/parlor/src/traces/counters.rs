//! What became of spans, counted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counters that only grow, and how many spans are under way.
#[derive(Debug, Default)]
pub(super) struct SpanCounters {
    waiting: AtomicUsize,
    exported: AtomicU64,
    left_out: AtomicU64,
    lost: AtomicU64,
}

impl SpanCounters {
    /// One is put into the queue.
    pub(super) fn comes(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// There was no place for it.
    pub(super) fn is_left_out(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.left_out.fetch_add(1, Ordering::Relaxed);
    }

    /// So many have been sent, of which the collector took all but `rejected`.
    pub(super) fn sent(&self, spans: usize, rejected: u64) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let taken = (spans as u64).saturating_sub(rejected);
        self.exported.fetch_add(taken, Ordering::Relaxed);
        self.lost.fetch_add(spans as u64 - taken, Ordering::Relaxed);
    }

    /// So many could not be sent.
    pub(super) fn lost(&self, spans: usize) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        self.lost.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// In the queue, or in a batch that has not arrived.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many were left out so far because the queue was full.
    pub(super) fn all_left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// By outcome.
    pub(super) fn ended(&self) -> [(&'static str, u64); 3] {
        [
            ("exported", &self.exported),
            ("left_out", &self.left_out),
            ("lost", &self.lost),
        ]
        .map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }
}
