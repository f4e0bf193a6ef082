//! What a database has done so far. Counters go on across resets, so they never decrease.

use super::histogram::Histogram;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::time::Instant;

/// Bounds in microseconds: most loans are immediate, and the longest wait is the acquire timeout.
const ACQUIRE_MICROS: &[u64] = &[
    100, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000,
];

/// Bounds in jobs, up to the size of a batch.
const BATCH_JOBS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Counters of one database.
#[derive(Debug)]
pub(crate) struct Counters {
    /// How long callers waited for the connection that they got.
    pub(crate) acquires: Histogram,
    /// Callers that got no connection in time.
    pub(crate) timeouts: AtomicU64,
    /// Jobs that wait for a lane.
    pub(crate) queued: AtomicUsize,
    pub(crate) jobs: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) batch_jobs: Histogram,
    /// Batches that were retried.
    pub(crate) write_repeats: AtomicU64,
    /// Reads that were retried.
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
    /// Notes that a caller which arrived then has got a connection.
    pub(crate) fn acquired(&self, came: Instant) {
        let micros = came.elapsed().as_micros();
        self.acquires
            .record(u64::try_from(micros).unwrap_or(u64::MAX));
    }
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
