//! The figures of a database, for whoever shows them: one cheap snapshot, nothing waits.

use crate::gate::Gate;
use crate::lane::Lane;
use crate::slot::Slot;
use crate::{Backend, Condition, Outcome, Spread};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// One database in figures. Counters go on across resets.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Its name.
    pub database: String,
    /// What is behind it.
    pub backend: Backend,
    /// Whether the server is unavailable without it.
    pub critical: bool,
    /// How it is.
    pub condition: Condition,
    /// Its connections.
    pub pool: PoolFigures,
    /// Its write lanes.
    pub lanes: LaneFigures,
    /// How long the log of a file is, in bytes; 0 for a server's.
    pub log_bytes: u64,
    /// Reads that were tried again after a transient fault.
    pub read_repeats: u64,
    /// What it did for its primary, if it is a replica.
    pub replica: Option<ReplicaFigures>,
}

/// A replica in figures.
#[derive(Debug, Clone)]
pub struct ReplicaFigures {
    /// The name of its primary.
    pub primary: String,
    /// How long ago the primary had something that it lacks, as last seen.
    pub behind: Duration,
    /// How the reads ended that were tried on it.
    pub reads: Vec<(Outcome, u64)>,
}

/// The connections of a database.
#[derive(Debug, Clone)]
pub struct PoolFigures {
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
    pub acquire_micros: Spread,
    /// Callers that got none in time.
    pub timeouts: u64,
}

/// The write lanes of a database, together.
#[derive(Debug, Clone)]
pub struct LaneFigures {
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
    pub batch_jobs: Spread,
    /// Batches that were tried again after a transient fault.
    pub repeats: u64,
}

impl Slot {
    /// For how long the oldest job of all lanes has been waiting for its answer.
    pub(crate) fn oldest_job(&self) -> Duration {
        let parts = self.current();
        let ages = parts
            .iter()
            .flat_map(|parts| &parts.lanes)
            .map(Lane::oldest);
        ages.max().unwrap_or_default()
    }

    pub(crate) fn figures(&self) -> Figures {
        let (tally, config) = (self.tally(), self.config());
        let parts = self.current();
        let gate = parts.as_ref().map(|parts| parts.pool.gate());
        let (total, idle) = parts.as_ref().map_or((0, 0), |parts| parts.pool.size());
        let pool = PoolFigures {
            total,
            idle,
            in_use: gate.map_or(0, Gate::in_use),
            waiting: gate.map_or(0, Gate::waiting),
            max: config.pool_max,
            longest_wait: gate.map_or(Duration::ZERO, Gate::longest_wait),
            acquire_micros: tally.acquires.spread(),
            timeouts: tally.timeouts.load(Ordering::Relaxed),
        };
        let lanes = LaneFigures {
            lanes: parts.as_ref().map_or(0, |parts| parts.lanes.len()),
            queued: tally.queued.load(Ordering::Relaxed),
            oldest: self.oldest_job(),
            jobs: tally.jobs.load(Ordering::Relaxed),
            batches: tally.batches.load(Ordering::Relaxed),
            batch_jobs: tally.batch_jobs.spread(),
            repeats: tally.write_repeats.load(Ordering::Relaxed),
        };
        Figures {
            database: config.name,
            backend: config.url.backend(),
            critical: config.critical,
            condition: self.standing().condition(),
            pool,
            lanes,
            log_bytes: parts.as_ref().map_or(0, |parts| parts.pool.log_bytes()),
            read_repeats: tally.read_repeats.load(Ordering::Relaxed),
            replica: self.mirror().map(|mirror| ReplicaFigures {
                primary: mirror.primary_name().unwrap_or_default(),
                behind: mirror.behind(),
                reads: mirror.reads.all(),
            }),
        }
    }
}
