//! Metrics of the databases: state, pools, write lanes and replicas.

use gateway::{HistogramBucket, MetricsSource, MetricsWriter};
use std::fmt;
use std::time::Duration;
use storage::{DatabaseState, HistogramSnapshot, Registry};

/// Metrics of all databases in a registry.
pub(crate) struct StorageMetrics(pub(crate) Registry);

impl MetricsSource for StorageMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let all = self.0.metrics();
        writer.gauges(
            "db_up",
            "1 while the database answers",
            per_database(&all, is_up),
        )?;
        pools(writer, &all)?;
        lanes(writer, &all)?;
        replicas(writer, &all)?;
        writer.gauges(
            "db_log_bytes",
            "Size of an embedded database's log, which cannot shrink during a long read",
            per_database(&all, |one| one.log_bytes),
        )?;
        writer.counters(
            "db_read_retries",
            "Reads repeated after a transient error",
            per_database(&all, |one| one.read_repeats),
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
        "Open connections of the pool",
        per_database(all, |one| one.pool.total),
    )?;
    writer.gauges(
        "db_pool_idle",
        "Idle connections",
        per_database(all, |one| one.pool.idle),
    )?;
    writer.gauges(
        "db_pool_in_use",
        "Connections in use",
        per_database(all, |one| one.pool.in_use),
    )?;
    writer.gauges(
        "db_pool_waiting",
        "Callers waiting for a connection",
        per_database(all, |one| one.pool.waiting),
    )?;
    writer.gauges(
        "db_pool_max",
        "Most connections of the pool",
        per_database(all, |one| one.pool.max),
    )?;
    writer.gauges(
        "db_pool_longest_wait_seconds",
        "How long the first caller in the queue has been waiting",
        per_database(all, |one| one.pool.longest_wait.as_secs_f64()),
    )?;
    writer.counters(
        "db_pool_timeouts",
        "Callers that timed out waiting for a connection",
        per_database(all, |one| one.pool.timeouts),
    )?;
    writer.histograms(
        "db_pool_acquire_seconds",
        "How long callers waited until they got a connection",
        per_database(all, |one| buckets(&one.pool.acquire_micros, seconds)),
    )
}

fn lanes(writer: &mut MetricsWriter<'_>, all: &[storage::DatabaseMetrics]) -> fmt::Result {
    writer.gauges(
        "db_lane_queued",
        "Jobs queued for a write lane",
        per_database(all, |one| one.lanes.queued),
    )?;
    writer.counters(
        "db_lane_jobs",
        "Jobs taken by the write lanes",
        per_database(all, |one| one.lanes.jobs),
    )?;
    writer.histograms(
        "db_lane_batch_jobs",
        "Jobs per batch: how many share one commit",
        per_database(all, |one| buckets(&one.lanes.batch_jobs, whole)),
    )?;
    writer.counters(
        "db_lane_retries",
        "Batches repeated after a transient error",
        per_database(all, |one| one.lanes.repeats),
    )
}

fn replicas(writer: &mut MetricsWriter<'_>, all: &[storage::DatabaseMetrics]) -> fmt::Result {
    let replicas = || {
        all.iter()
            .filter_map(|one| Some((one, one.replica.as_ref()?)))
    };
    let behind = replicas().map(|(one, replica)| {
        let seconds = replica.behind.as_secs_f64();
        ([("database", one.database.as_str())], seconds)
    });
    writer.gauges(
        "db_replica_behind_seconds",
        "How far the replica is behind its primary",
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
        "Reads tried on a replica; unless served, the primary answered them",
        reads,
    )
}

/// Returns one row per database.
fn per_database<'a, V>(
    all: &'a [storage::DatabaseMetrics],
    value: impl Fn(&storage::DatabaseMetrics) -> V + 'a,
) -> impl Iterator<Item = ([(&'static str, &'a str); 1], V)> {
    all.iter()
        .map(move |one| ([("database", one.database.as_str())], value(one)))
}

/// Converts a histogram to its sum and buckets in the given unit.
fn buckets(histogram: &HistogramSnapshot, unit: fn(u64) -> f64) -> (f64, Vec<HistogramBucket>) {
    let bounds = histogram.bounds.iter().map(|bound| unit(*bound));
    let bounds = bounds.chain([f64::MAX]);
    let buckets = bounds.zip(histogram.counts.iter().copied()).collect();
    (unit(histogram.sum), buckets)
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
