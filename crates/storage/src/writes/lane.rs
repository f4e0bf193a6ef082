//! A write lane: the one place from which a share of a database's writes comes.
//!
//! Its queue is bounded by the credits that its jobs hold; nobody waits to hand one over. One batch
//! is committed, published and answered before the next is taken, and a batch that met a passing
//! fault is repeated as a whole, so that nothing overtakes.

use super::batch::{Batch, BatchAttempt, abandon};
use super::batch_delay::BatchDelay;
use super::lane_context::LaneContext;
use super::queue::Queue;
use super::queued_job::{AnyJob, BoxJob};
use super::responder::now;
use crate::health::{LaneBlocked, count};
use crate::pool::{AnyLease, ConnectionPool};
use crate::{Connection, StorageError};
use bus::Task;
use futures_util::FutureExt as _;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Most jobs of one transaction.
const BATCH_MAX: usize = 256;

/// First pause before a repeat; doubled up to [`PAUSE_MAX`], each with jitter.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// The end of a lane where jobs are handed over.
pub(crate) struct Lane {
    /// Shared with the task, so that a restarted one goes on with it.
    queue: Arc<Queue>,
    task: Mutex<Option<Task>>,
    pool: Arc<ConnectionPool>,
    lane_blocked: Arc<LaneBlocked>,
}

impl Lane {
    /// Starts a lane.
    pub(crate) fn start(name: String, with: &LaneContext) -> Self {
        let serving = LaneTask {
            queue: Arc::default(),
            with: with.clone(),
            lane_blocked: Arc::default(),
        };
        let queue = Arc::clone(&serving.queue);
        let lane_blocked = Arc::clone(&serving.lane_blocked);
        let server = CloseOnDrop(serving);
        let executor = with.executor;
        // Dropped, a thread ends with its batch, as the queue has ended.
        let tasks = &with.tasks;
        let task = tasks.restarting("storage", name, move || {
            executor.run(serve(server.0.clone()))
        });
        Self {
            queue,
            task: Mutex::new(Some(task)),
            pool: Arc::clone(&with.pool),
            lane_blocked,
        }
    }

    /// What keeps it from writing.
    pub(crate) fn lane_blocked(&self) -> &LaneBlocked {
        &self.lane_blocked
    }

    /// Hands over a job; gives it back when the lane is closed.
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
        oldest.map_or(Duration::ZERO, |came| came.elapsed())
    }

    /// Takes nothing new and ends what waits, at most `within`. What is left then is told so as
    /// soon as the pool is closed. False: something is.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        self.queue.close();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(task) = task else { return true };
        let empty = tokio::time::timeout(within, task.ended()).await.is_ok();
        if !empty {
            tracing::warn!("a write lane is not empty in time");
        }
        empty
    }
}

/// What a lane's task works with.
#[derive(Clone)]
struct LaneTask {
    queue: Arc<Queue>,
    with: LaneContext,
    lane_blocked: Arc<LaneBlocked>,
}

/// Goes with the task: whatever waits then is told so.
struct CloseOnDrop(LaneTask);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let left = self.0.queue.end();
        let counters = self.0.with.pool.counters();
        counters.queued.fetch_sub(left, Ordering::Relaxed);
    }
}

async fn serve(serving: LaneTask) -> anyhow::Result<()> {
    let (queue, counters) = (&serving.queue, serving.with.pool.counters());
    let mut delay = BatchDelay::new(Instant::now());
    let mut had = Instant::now();
    loop {
        queue.done();
        let mut jobs = queue.take(BATCH_MAX).await;
        if jobs.is_empty() {
            return Ok(());
        }
        if delay.is_worth_it(jobs.len(), Instant::now()) {
            serving.with.executor.pause().await;
            delay.brought(queue.take_more(&mut jobs, BATCH_MAX));
        }
        counters.queued.fetch_sub(jobs.len(), Ordering::Relaxed);
        counters
            .jobs
            .fetch_add(jobs.len() as u64, Ordering::Relaxed);
        counters.batch_jobs.record(jobs.len() as u64);
        count(&counters.batches);
        serving.carry_out(Batch::new(jobs), &mut had).await;
    }
}

impl LaneTask {
    /// Repeats a batch until it is through or nobody's time lasts. `had`: when the lane last had a
    /// connection.
    async fn carry_out(&self, mut batch: Batch, had: &mut Instant) {
        let (with, began) = (&self.with, Instant::now());
        let last_error = with.pool.last_error();
        let mut pause = PAUSE_MIN;
        loop {
            batch.abandon(last_error, |job| job.deadline() <= now(), || self.no_time());
            if batch.is_empty() {
                return;
            }
            match self.lease(&mut batch, *had).await {
                Ok(lease) => {
                    let attempt = attempt(lease, batch, with).await;
                    *had = Instant::now();
                    match attempt {
                        BatchAttempt::Committed(publish) => {
                            self.lane_blocked.written();
                            return publish.finished().await;
                        }
                        BatchAttempt::Answered => return,
                        BatchAttempt::Again(same, fault) => {
                            tracing::debug!(%fault, jobs = same.len(), "a batch is repeated");
                            // Lanes that were in each other's way say nothing of their database.
                            if !fault.is_contention() {
                                self.lane_blocked
                                    .failed(&fault, fault.is_disk_full(), began);
                                last_error.note(&fault);
                            }
                            batch = same;
                        }
                    }
                }
                Err(StorageError::Closed { .. }) => {
                    batch.abandon(last_error, |_| true, || with.pool.closed());
                }
                Err(StorageError::Saturated { .. }) => {
                    batch.abandon(last_error, AnyJob::is_attended, || with.pool.saturated());
                }
                Err(_) => {
                    let why = || with.pool.unavailable_since();
                    batch.abandon(last_error, AnyJob::is_attended, why);
                }
            }
            count(&with.pool.counters().write_repeats);
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Why a job's time was not enough. Reads may go well meanwhile, so the lane's own cause first.
    fn no_time(&self) -> StorageError {
        let pool = &self.with.pool;
        match self.lane_blocked.cause() {
            Some(cause) => pool.unavailable_as(cause),
            None => pool.unavailable_since(),
        }
    }

    /// Waits for a connection. Meanwhile whoever has waited for one as long as one may is told so,
    /// in the batch and behind it.
    async fn lease(&self, batch: &mut Batch, had: Instant) -> Result<AnyLease, StorageError> {
        let pool = &self.with.pool;
        let mut lease = pin!(pool.lease(batch.request()));
        while !batch.is_empty() {
            let first = batch.first_attended().or(self.queue.first_attended());
            let since = first.map_or_else(Instant::now, |came| came.max(had));
            tokio::select! {
                biased;
                leased = &mut lease => return leased,
                () = tokio::time::sleep_until(since + pool.acquire_timeout()) => {}
            }
            self.give_up(batch, had);
        }
        let no_turn = pool.no_turn();
        pool.not_acquired(&no_turn);
        Err(no_turn)
    }

    /// Answers those who have stood in line for the acquire time; what one waits while the lane
    /// writes for others is not counted.
    fn give_up(&self, batch: &mut Batch, had: Instant) {
        let pool = &self.with.pool;
        let (now, limit) = (Instant::now(), pool.acquire_timeout());
        let overdue = |job: &dyn AnyJob| job.is_attended() && job.came().max(had) + limit <= now;
        batch.abandon(pool.last_error(), overdue, || pool.no_turn());
        let behind = self.queue.take_out(|job| overdue(&**job));
        pool.counters()
            .queued
            .fetch_sub(behind.len(), Ordering::Relaxed);
        for job in behind {
            abandon(job, pool.last_error(), pool.no_turn());
        }
    }
}

/// One attempt. On a file nothing cuts it, not even the end of this task.
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
