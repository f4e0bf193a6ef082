//! How far a copy is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many rows were written and read back, and how many there will be. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct TransferProgress(Arc<RowCounts>);

#[derive(Debug, Default)]
struct RowCounts {
    done: AtomicU64,
    of: AtomicU64,
}

impl TransferProgress {
    /// The rows written and read back so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.0.done.load(Relaxed)
    }

    /// The rows in the end, each counted twice; 0 before they have been counted.
    #[must_use]
    pub fn of(&self) -> u64 {
        self.0.of.load(Relaxed)
    }

    pub(super) fn expect(&self, rows: u64) {
        self.0.of.store(rows, Relaxed);
    }

    pub(super) fn add(&self, rows: u64) {
        self.0.done.fetch_add(rows, Relaxed);
    }
}
