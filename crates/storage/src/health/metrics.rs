//! The metrics of a database, for whoever shows them: one cheap snapshot, nothing waits.

use crate::pool::Gate;
use crate::registry::Slot;
use crate::writes::Lane;
use crate::{Backend, DatabaseState, HistogramSnapshot, ReplicaOutcome};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One database in metrics. Counters go on across resets.
#[derive(Debug, Clone)]
pub struct DatabaseMetrics {
    /// Its name.
    pub database: String,
    /// What is behind it.
    pub backend: Backend,
    /// Whether the server is unavailable without it.
    pub critical: bool,
    /// How it is.
    pub state: DatabaseState,
    /// Its connections.
    pub pool: PoolMetrics,
    /// Its write lanes.
    pub lanes: LaneMetrics,
    /// How long the log of a file is, in bytes; 0 for a server's.
    pub log_bytes: u64,
    /// Reads that were tried again after a transient fault.
    pub read_repeats: u64,
    /// What it did for its primary, if it is a replica.
    pub replica: Option<ReplicaMetrics>,
}

/// A replica in metrics.
#[derive(Debug, Clone)]
pub struct ReplicaMetrics {
    /// The name of its primary.
    pub primary: String,
    /// How long ago the primary had something that it lacks, as last seen.
    pub behind: Duration,
    /// How the reads ended that were tried on it.
    pub reads: Vec<(ReplicaOutcome, u64)>,
}

/// The connections of a database.
#[derive(Debug, Clone)]
pub struct PoolMetrics {
    /// Open ones.
    pub total: u32,
    /// Open ones that nobody uses.
    pub idle: u32,
    /// Lent ones.
    pub in_use: usize,
    /// Callers in line.
    pub waiting: usize,
    /// Most there can be.
    pub max: u32,
    /// How long the first in line has been waiting.
    pub longest_wait: Duration,
    /// How long callers waited for the connection that they got, in microseconds.
    pub acquire_micros: HistogramSnapshot,
    /// Callers that got none in time.
    pub timeouts: u64,
}

/// The write lanes of a database, together.
#[derive(Debug, Clone)]
pub struct LaneMetrics {
    /// How many lanes there are.
    pub lanes: usize,
    /// Jobs that wait.
    pub queued: usize,
    /// For how long the oldest job has been waiting for its answer.
    pub oldest: Duration,
    /// Jobs taken so far.
    pub jobs: u64,
    /// Batches begun so far.
    pub batches: u64,
    /// Jobs per batch.
    pub batch_jobs: HistogramSnapshot,
    /// Batches that were tried again after a transient fault.
    pub repeats: u64,
}

impl Slot {
    /// For how long the oldest job of all lanes has been waiting for its answer.
    pub(crate) fn oldest_job(&self) -> Duration {
        let open = self.current();
        let ages = open.iter().flat_map(|open| &open.lanes).map(Lane::oldest);
        ages.max().unwrap_or_default()
    }

    pub(crate) fn metrics(&self) -> DatabaseMetrics {
        let (counters, config) = (self.counters(), self.config());
        let open = self.current();
        let gate = open.as_ref().map(|open| open.pool.gate());
        let (total, idle) = open.as_ref().map_or((0, 0), |open| open.pool.size());
        let pool = PoolMetrics {
            total,
            idle,
            in_use: gate.map_or(0, Gate::in_use),
            waiting: gate.map_or(0, Gate::waiting),
            max: config.pool_max,
            longest_wait: gate.map_or(Duration::ZERO, Gate::longest_wait),
            acquire_micros: counters.acquires.spread(),
            timeouts: counters.timeouts.load(Ordering::Relaxed),
        };
        let lanes = LaneMetrics {
            lanes: open.as_ref().map_or(0, |open| open.lanes.len()),
            queued: counters.queued.load(Ordering::Relaxed),
            oldest: self.oldest_job(),
            jobs: counters.jobs.load(Ordering::Relaxed),
            batches: counters.batches.load(Ordering::Relaxed),
            batch_jobs: counters.batch_jobs.spread(),
            repeats: counters.write_repeats.load(Ordering::Relaxed),
        };
        DatabaseMetrics {
            database: config.name,
            backend: config.url.backend(),
            critical: config.critical,
            state: self.state_tracker().state(),
            pool,
            lanes,
            log_bytes: open.as_ref().map_or(0, |open| open.pool.log_bytes()),
            read_repeats: counters.read_repeats.load(Ordering::Relaxed),
            replica: self.replica().map(|replica| ReplicaMetrics {
                primary: replica.primary_name().unwrap_or_default(),
                behind: replica.behind(),
                reads: replica.reads.all(),
            }),
        }
    }
}
