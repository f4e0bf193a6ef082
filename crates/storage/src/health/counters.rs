//! What a database has done so far. Counted on across resets, so that a counter never goes back.

use super::histogram::Histogram;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::time::Instant;

/// Microseconds: most loans are immediate, and the longest wait is the acquire time.
const ACQUIRE_MICROS: &[u64] = &[
    100, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000,
];

/// Jobs, up to the most of one batch.
const BATCH_JOBS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Counters of one database.
#[derive(Debug)]
pub(crate) struct Counters {
    /// How long callers waited for the connection that they got.
    pub(crate) acquires: Histogram,
    /// Callers that got none in time.
    pub(crate) timeouts: AtomicU64,
    /// Jobs that wait for a lane.
    pub(crate) queued: AtomicUsize,
    pub(crate) jobs: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) batch_jobs: Histogram,
    /// Batches that were tried again.
    pub(crate) write_repeats: AtomicU64,
    /// Reads that were tried again.
    pub(crate) read_repeats: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            acquires: Histogram::new(ACQUIRE_MICROS),
            timeouts: AtomicU64::default(),
            queued: AtomicUsize::default(),
            jobs: AtomicU64::default(),
            batches: AtomicU64::default(),
            batch_jobs: Histogram::new(BATCH_JOBS),
            write_repeats: AtomicU64::default(),
            read_repeats: AtomicU64::default(),
        }
    }
}

impl Counters {
    /// Somebody who came then has a connection now.
    pub(crate) fn acquired(&self, came: Instant) {
        let micros = came.elapsed().as_micros();
        self.acquires
            .record(u64::try_from(micros).unwrap_or(u64::MAX));
    }
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
