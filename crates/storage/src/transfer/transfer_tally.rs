//! How far a copy is, for whoever shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Rows written and read back, and as many as there will be. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct TransferTally(Arc<TransferProgress>);

#[derive(Debug, Default)]
struct TransferProgress {
    done: AtomicU64,
    of: AtomicU64,
}

impl TransferTally {
    /// So many so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.0.done.load(Relaxed)
    }

    /// So many in the end; 0 before they have been counted.
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
