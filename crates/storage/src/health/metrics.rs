//! The metrics of a database: one cheap snapshot, nothing waits.

use crate::pool::Gate;
use crate::registry::Slot;
use crate::writes::Lane;
use crate::{Backend, DatabaseState, HistogramSnapshot, ReplicaOutcome};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The metrics of one database. Counters go on across resets.
#[derive(Debug, Clone)]
pub struct DatabaseMetrics {
    /// The name of the database.
    pub database: String,
    /// The kind of database.
    pub backend: Backend,
    /// Whether the server is unavailable without it.
    pub critical: bool,
    /// The current state.
    pub state: DatabaseState,
    /// The metrics of its connections.
    pub pool: PoolMetrics,
    /// The metrics of its write lanes.
    pub lanes: LaneMetrics,
    /// The length of the file's log in bytes; 0 on PostgreSQL.
    pub log_bytes: u64,
    /// Reads that were retried after a transient fault.
    pub read_repeats: u64,
    /// What it did for its primary, if it is a replica.
    pub replica: Option<ReplicaMetrics>,
}

/// The metrics of a replica.
#[derive(Debug, Clone)]
pub struct ReplicaMetrics {
    /// The name of its primary.
    pub primary: String,
    /// How long ago the primary had something that the replica lacks, as of the last check.
    pub behind: Duration,
    /// How often each outcome of a read on it occurred.
    pub reads: Vec<(ReplicaOutcome, u64)>,
}

/// The metrics of a database's connections.
#[derive(Debug, Clone)]
pub struct PoolMetrics {
    /// Open connections, idle or on loan.
    pub total: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// Connections on loan.
    pub in_use: usize,
    /// Callers that wait for a connection.
    pub waiting: usize,
    /// The limit of the pool.
    pub max: u32,
    /// How long the first of the waiting callers has been waiting.
    pub longest_wait: Duration,
    /// How long callers waited for the connection that they got, in microseconds.
    pub acquire_micros: HistogramSnapshot,
    /// Callers that got no connection in time.
    pub timeouts: u64,
}

/// The metrics of a database's write lanes together.
#[derive(Debug, Clone)]
pub struct LaneMetrics {
    /// The number of lanes.
    pub lanes: usize,
    /// Jobs that wait in the queues.
    pub queued: usize,
    /// How long the oldest job has been waiting for its answer.
    pub oldest: Duration,
    /// Jobs taken so far.
    pub jobs: u64,
    /// Batches begun so far.
    pub batches: u64,
    /// Jobs per batch.
    pub batch_jobs: HistogramSnapshot,
    /// Batches that were retried after a transient fault.
    pub repeats: u64,
}

impl Slot {
    /// How long the oldest job of all lanes has been waiting for its answer.
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
