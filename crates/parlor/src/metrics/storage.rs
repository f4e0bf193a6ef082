//! The databases: how they are, their pools, their write lanes.

use gateway::{HistogramBucket, MetricsSource, MetricsWriter};
use std::fmt;
use std::time::Duration;
use storage::{DatabaseState, HistogramSnapshot, Registry};

/// What storage counts.
pub(crate) struct StorageMetrics(pub(crate) Registry);

impl MetricsSource for StorageMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let all = self.0.metrics();
        writer.gauges("db_up", "1 while the database answers", by(&all, is_up))?;
        pools(writer, &all)?;
        lanes(writer, &all)?;
        replicas(writer, &all)?;
        writer.gauges(
            "db_log_bytes",
            "Size of an embedded database's log, which a long read keeps from being cut",
            by(&all, |one| one.log_bytes),
        )?;
        writer.counters(
            "db_read_retries",
            "Reads repeated after a fault that passes",
            by(&all, |one| one.read_repeats),
        )
    }
}

fn is_up(database: &storage::DatabaseMetrics) -> u32 {
    let up = matches!(
        database.state,
        DatabaseState::Connected | DatabaseState::Degraded
    );
    u32::from(up)
}

fn pools(writer: &mut MetricsWriter<'_>, all: &[storage::DatabaseMetrics]) -> fmt::Result {
    writer.gauges(
        "db_pool_connections",
        "Connections of the pool",
        by(all, |one| one.pool.total),
    )?;
    writer.gauges(
        "db_pool_idle",
        "Connections that nobody uses",
        by(all, |one| one.pool.idle),
    )?;
    writer.gauges(
        "db_pool_in_use",
        "Connections on loan",
        by(all, |one| one.pool.in_use),
    )?;
    writer.gauges(
        "db_pool_waiting",
        "Callers that wait for a connection",
        by(all, |one| one.pool.waiting),
    )?;
    writer.gauges(
        "db_pool_max",
        "Connections that the pool may have",
        by(all, |one| one.pool.max),
    )?;
    writer.gauges(
        "db_pool_longest_wait_seconds",
        "How long the first in line has been waiting",
        by(all, |one| one.pool.longest_wait.as_secs_f64()),
    )?;
    writer.counters(
        "db_pool_timeouts",
        "Callers that got no connection in time",
        by(all, |one| one.pool.timeouts),
    )?;
    writer.histograms(
        "db_pool_acquire_seconds",
        "How long callers waited for the connection that they got",
        by(all, |one| buckets(&one.pool.acquire_micros, seconds)),
    )
}

fn lanes(writer: &mut MetricsWriter<'_>, all: &[storage::DatabaseMetrics]) -> fmt::Result {
    writer.gauges(
        "db_lane_queued",
        "Jobs that wait for a write lane",
        by(all, |one| one.lanes.queued),
    )?;
    writer.counters(
        "db_lane_jobs",
        "Jobs taken by the write lanes",
        by(all, |one| one.lanes.jobs),
    )?;
    writer.histograms(
        "db_lane_batch_jobs",
        "Jobs per batch: how many share one commit",
        by(all, |one| buckets(&one.lanes.batch_jobs, whole)),
    )?;
    writer.counters(
        "db_lane_retries",
        "Batches repeated after a fault that passes",
        by(all, |one| one.lanes.repeats),
    )
}

fn replicas(writer: &mut MetricsWriter<'_>, all: &[storage::DatabaseMetrics]) -> fmt::Result {
    let replicas = || {
        let tied = all.iter().map(|one| Some((one, one.replica.as_ref()?)));
        tied.flatten()
    };
    let behind = replicas().map(|(one, replica)| {
        let seconds = replica.behind.as_secs_f64();
        ([("database", one.database.as_str())], seconds)
    });
    writer.gauges(
        "db_replica_behind_seconds",
        "How long ago the primary had something that the replica lacks",
        behind,
    )?;
    let reads = replicas().flat_map(|(one, replica)| {
        replica.reads.iter().map(|(outcome, reads)| {
            let database = ("database", one.database.as_str());
            ([database, ("outcome", outcome.name())], *reads)
        })
    });
    writer.counters(
        "db_replica_reads",
        "Reads tried on a replica; after all outcomes but served the primary was asked",
        reads,
    )
}

/// One row per database.
fn by<'a, V>(
    all: &'a [storage::DatabaseMetrics],
    figure: impl Fn(&storage::DatabaseMetrics) -> V + 'a,
) -> impl Iterator<Item = ([(&'static str, &'a str); 1], V)> {
    all.iter()
        .map(move |one| ([("database", one.database.as_str())], figure(one)))
}

/// A spread as the page shows it: its sum, and its buckets in this unit.
fn buckets(spread: &HistogramSnapshot, unit: fn(u64) -> f64) -> (f64, Vec<HistogramBucket>) {
    let bounds = spread.bounds.iter().map(|bound| unit(*bound));
    let bounds = bounds.chain([f64::MAX]);
    let buckets = bounds.zip(spread.counts.iter().copied()).collect();
    (unit(spread.sum), buckets)
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a double counts exactly far beyond any number of jobs"
)]
fn whole(jobs: u64) -> f64 {
    jobs as f64
}
