//! A write lane: writes a share of a database's jobs, one batch after the other.
//!
//! Its queue is bounded by the credits that its jobs hold; handing over a job never waits. One
//! batch is committed, published and answered before the next is taken, and after a transient fault
//! a batch is retried as a whole, so that no job overtakes another.

use super::batch::{Batch, BatchAttempt, fail};
use super::batch_delay::BatchDelay;
use super::lane_context::LaneContext;
use super::queue::Queue;
use super::queued_job::{AnyJob, BoxJob};
use super::responder::now;
use crate::health::{LaneBlocked, count};
use crate::pool::{AnyLease, ConnectionPool};
use crate::{Connection, StorageError};
use bus::{Backoff, Task};
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Most jobs of one transaction.
const BATCH_MAX: usize = 256;

/// The first and the longest pause before a retry.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// The side of a lane where jobs are handed over.
pub(crate) struct Lane {
    /// Shared with the task, so that a restarted task goes on with it.
    queue: Arc<Queue>,
    task: Mutex<Option<Task>>,
    pool: Arc<ConnectionPool>,
    blocked: Arc<LaneBlocked>,
}

impl Lane {
    /// Starts the task of a lane.
    pub(crate) fn start(name: String, with: &LaneContext) -> Self {
        let task = LaneTask {
            queue: Arc::default(),
            with: with.clone(),
            blocked: Arc::default(),
        };
        let queue = Arc::clone(&task.queue);
        let blocked = Arc::clone(&task.blocked);
        let server = CloseOnDrop(task);
        let executor = with.executor;
        // After the task is dropped its thread ends with the current batch, as the queue is closed.
        let (tasks, counted) = (with.tasks.clone(), name.clone());
        let task = with.tasks.restarting("storage", name, move || {
            executor.run((tasks.clone(), counted.clone()), serve(server.0.clone()))
        });
        Self {
            queue,
            task: Mutex::new(Some(task)),
            pool: Arc::clone(&with.pool),
            blocked,
        }
    }

    /// Returns what keeps the lane from writing.
    pub(crate) fn blocked(&self) -> &LaneBlocked {
        &self.blocked
    }

    /// Hands over a job; gives it back if the lane is closed.
    pub(crate) fn hand_over(&self, job: BoxJob) -> Result<(), BoxJob> {
        let queued = &self.pool.counters().queued;
        queued.fetch_add(1, Ordering::Relaxed);
        self.queue.push(job).inspect_err(|_| {
            queued.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// For how long the oldest of its jobs has been waiting for its answer.
    pub(crate) fn oldest(&self) -> Duration {
        let oldest = self.queue.oldest();
        oldest.map_or(Duration::ZERO, |queued_at| queued_at.elapsed())
    }

    /// Takes no more jobs and runs the queued ones, for at most `within`. What is left then fails
    /// as soon as the pool is closed. Returns false if something is left.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        self.queue.close();
        let task = self.task.lock().take();
        let Some(task) = task else { return true };
        let empty = tokio::time::timeout(within, task.ended()).await.is_ok();
        if !empty {
            tracing::warn!("could not empty a write lane in time");
        }
        empty
    }
}

/// What a lane's task works with.
#[derive(Clone)]
struct LaneTask {
    queue: Arc<Queue>,
    with: LaneContext,
    blocked: Arc<LaneBlocked>,
}

/// Closes the queue when the task is dropped; the jobs in it fail.
struct CloseOnDrop(LaneTask);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let left = self.0.queue.end();
        let counters = self.0.with.pool.counters();
        counters.queued.fetch_sub(left, Ordering::Relaxed);
    }
}

async fn serve(task: LaneTask) -> anyhow::Result<()> {
    let (queue, counters) = (&task.queue, task.with.pool.counters());
    let mut delay = BatchDelay::new(Instant::now());
    let mut last_lease = Instant::now();
    loop {
        queue.done();
        let mut jobs = queue.take(BATCH_MAX).await;
        if jobs.is_empty() {
            return Ok(());
        }
        if delay.should_wait(jobs.len(), Instant::now()) {
            task.with.executor.pause().await;
            delay.waited(queue.take_more(&mut jobs, BATCH_MAX));
        }
        counters.queued.fetch_sub(jobs.len(), Ordering::Relaxed);
        counters
            .jobs
            .fetch_add(jobs.len() as u64, Ordering::Relaxed);
        counters.batch_jobs.record(jobs.len() as u64);
        count(&counters.batches);
        task.write_batch(Batch::new(jobs), &mut last_lease).await;
    }
}

impl LaneTask {
    /// Retries a batch until it is committed or all deadlines have passed. `last_lease` is when the
    /// lane last had a connection.
    async fn write_batch(&self, mut batch: Batch, last_lease: &mut Instant) {
        let (with, began) = (&self.with, Instant::now());
        let last_error = with.pool.last_error();
        let mut backoff = Backoff::between(PAUSE_MIN, PAUSE_MAX);
        loop {
            batch.fail_jobs(
                last_error,
                |job| job.deadline() <= now(),
                || self.deadline_passed(),
            );
            if batch.is_empty() {
                return;
            }
            match self.lease(&mut batch, *last_lease).await {
                Ok(lease) => {
                    let attempt = attempt(lease, batch, with).await;
                    *last_lease = Instant::now();
                    match attempt {
                        BatchAttempt::Committed(publish) => {
                            self.blocked.written();
                            return publish.finished().await;
                        }
                        BatchAttempt::Answered => return,
                        BatchAttempt::Again(same, fault) => {
                            tracing::debug!(%fault, jobs = same.len(), "retrying a batch");
                            // Lanes that were in each other's way say nothing about their database.
                            if !fault.is_contention() {
                                self.blocked.failed(&fault, fault.is_disk_full(), began);
                                last_error.note(&fault);
                            }
                            batch = same;
                        }
                    }
                }
                Err(StorageError::Closed { .. }) => {
                    batch.fail_jobs(last_error, |_| true, || with.pool.closed());
                }
                Err(StorageError::Saturated { .. }) => {
                    batch.fail_jobs(last_error, AnyJob::has_caller, || with.pool.saturated());
                }
                Err(_) => {
                    let why = || with.pool.unavailable_now();
                    batch.fail_jobs(last_error, AnyJob::has_caller, why);
                }
            }
            count(&with.pool.counters().write_repeats);
            tokio::time::sleep(backoff.pause()).await;
        }
    }

    /// Returns the error for jobs whose deadline has passed. Reads may succeed meanwhile, so the
    /// lane's own cause comes first.
    fn deadline_passed(&self) -> StorageError {
        let pool = &self.with.pool;
        match self.blocked.cause() {
            Some(cause) => pool.unavailable_because(cause),
            None => pool.unavailable_now(),
        }
    }

    /// Waits for a connection. Meanwhile fails the jobs, in the batch and in the queue, whose
    /// callers have waited for the acquire timeout.
    async fn lease(
        &self,
        batch: &mut Batch,
        last_lease: Instant,
    ) -> Result<AnyLease, StorageError> {
        let pool = &self.with.pool;
        let mut lease = pin!(pool.lease(batch.request()));
        while !batch.is_empty() {
            let first = batch.first_with_caller().or(self.queue.first_with_caller());
            let since = first.map_or_else(Instant::now, |queued_at| queued_at.max(last_lease));
            tokio::select! {
                biased;
                leased = &mut lease => return leased,
                () = tokio::time::sleep_until(since + pool.acquire_timeout()) => {}
            }
            self.fail_overdue(batch, last_lease);
        }
        let error = pool.not_lent_in_time();
        pool.not_acquired(&error);
        Err(error)
    }

    /// Fails the jobs whose callers have waited for the acquire timeout; time in which the lane
    /// wrote for others does not count.
    fn fail_overdue(&self, batch: &mut Batch, last_lease: Instant) {
        let pool = &self.with.pool;
        let (now, limit) = (Instant::now(), pool.acquire_timeout());
        let overdue =
            |job: &dyn AnyJob| job.has_caller() && job.queued_at().max(last_lease) + limit <= now;
        batch.fail_jobs(pool.last_error(), overdue, || pool.not_lent_in_time());
        let behind = self.queue.take_out(|job| overdue(&**job));
        pool.counters()
            .queued
            .fetch_sub(behind.len(), Ordering::Relaxed);
        for job in behind {
            fail(job, pool.last_error(), pool.not_lent_in_time());
        }
    }
}

/// Tries once. On a file nothing interrupts this, not even the end of this task.
async fn attempt(lease: AnyLease, batch: Batch, with: &LaneContext) -> BatchAttempt {
    match lease {
        AnyLease::Postgres(mut lease) => {
            batch
                .attempt(Connection::Postgres(&mut lease.connection), with)
                .await
        }
        AnyLease::Sqlite(lease) => {
            let with = with.clone();
            lease
                .on_this_thread(move |c| {
                    let attempt = batch.attempt(Connection::Sqlite(c), &with).now_or_never();
                    attempt.expect("a job awaits nothing but its queries")
                })
                .unwrap_or(BatchAttempt::Answered)
        }
    }
}
