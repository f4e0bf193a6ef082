//! A write lane: the one place from which a share of a database's writes comes.
//!
//! Its queue is bounded by the credits that its jobs hold; nobody waits to hand one over. One batch
//! is committed, published and answered before the next is taken, and a batch that met a passing
//! fault is repeated as a whole, so that nothing overtakes.

use crate::asker::now;
use crate::batch::{Attempt, Batch, Surroundings};
use crate::envelope::{BoxJob, Queued};
use crate::gate::Wish;
use crate::gather::{Gather, MOMENT};
use crate::hindrance::Hindrance;
use crate::links::AnyLease;
use crate::pool::Pool;
use crate::tally::count;
use crate::{Connection, StorageError};
use bus::{Task, Tasks};
use futures_util::FutureExt as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

/// Most jobs of one transaction.
const BATCH_MAX: usize = 256;

/// First pause before a repeat; doubled up to [`PAUSE_MAX`], each with jitter.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// What waits for a lane, shared with its task so that a restarted one goes on with it.
type Queue = Arc<tokio::sync::Mutex<UnboundedReceiver<BoxJob>>>;

/// The end of a lane where jobs are handed over.
pub(crate) struct Lane {
    sender: Mutex<Option<UnboundedSender<BoxJob>>>,
    task: Mutex<Option<Task>>,
    pool: Arc<Pool>,
    hindrance: Arc<Hindrance>,
}

impl Lane {
    /// Starts a lane.
    pub(crate) fn start(name: String, tasks: &Tasks, with: &Surroundings) -> Self {
        let (sender, receiver) = unbounded_channel();
        let queue: Queue = Arc::new(tokio::sync::Mutex::new(receiver));
        let pool = Arc::clone(&with.pool);
        let (with, hindrance) = (with.clone(), Arc::<Hindrance>::default());
        let met = Arc::clone(&hindrance);
        let task = tasks.restarting("storage", name, move || {
            serve(Arc::clone(&queue), with.clone(), Arc::clone(&met))
        });
        Self {
            sender: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
            pool,
            hindrance,
        }
    }

    /// What keeps it from writing.
    pub(crate) fn hindrance(&self) -> &Hindrance {
        &self.hindrance
    }

    /// Hands over a job; gives it back when the lane is closed.
    pub(crate) fn hand_over(&self, job: BoxJob) -> Result<(), BoxJob> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = &*sender else {
            return Err(job);
        };
        self.pool.tally().queued.fetch_add(1, Ordering::Relaxed);
        sender.send(job).map_err(|unsent| unsent.0)
    }

    /// Takes nothing new and ends what waits, at most `within`. What is left then is told so as
    /// soon as the pool is closed. False: something is.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        self.sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
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

async fn serve(queue: Queue, with: Surroundings, hindrance: Arc<Hindrance>) -> anyhow::Result<()> {
    let mut queue = queue.lock().await;
    let tally = with.pool.tally();
    let mut gather = Gather::new(Instant::now());
    loop {
        let mut jobs = Vec::new();
        if queue.recv_many(&mut jobs, BATCH_MAX).await == 0 {
            return Ok(());
        }
        if gather.is_worth_it(jobs.len(), Instant::now()) {
            tokio::time::sleep(MOMENT).await;
            gather.brought(take_more(&mut queue, &mut jobs));
        }
        tally.queued.fetch_sub(jobs.len(), Ordering::Relaxed);
        tally.jobs.fetch_add(jobs.len() as u64, Ordering::Relaxed);
        tally.batch_jobs.record(jobs.len() as u64);
        count(&tally.batches);
        carry_out(Batch::new(jobs), &with, &hindrance).await;
    }
}

/// Takes what waits besides; how many.
fn take_more(queue: &mut UnboundedReceiver<BoxJob>, jobs: &mut Vec<BoxJob>) -> usize {
    let had = jobs.len();
    while jobs.len() < BATCH_MAX
        && let Ok(job) = queue.try_recv()
    {
        jobs.push(job);
    }
    jobs.len() - had
}

/// Repeats a batch until it is through or nobody's time lasts.
async fn carry_out(mut batch: Batch, with: &Surroundings, hindrance: &Hindrance) {
    let began = Instant::now();
    let mut pause = PAUSE_MIN;
    let trouble = with.pool.trouble();
    loop {
        batch.abandon(
            trouble,
            |job| job.deadline() <= now(),
            || with.pool.unavailable_since(),
        );
        if batch.is_empty() {
            return;
        }
        let leased = Wish::write(batch.name(), batch.len());
        match with.pool.lease(leased).await {
            Ok(lease) => match attempt(lease, batch, with).await {
                Attempt::Committed => return hindrance.written(),
                Attempt::Answered => return,
                Attempt::Again(same, fault) => {
                    tracing::debug!(%fault, jobs = same.len(), "a batch is repeated");
                    hindrance.meets(&fault, fault.is_no_room(), began);
                    trouble.note(&fault);
                    batch = same;
                }
            },
            Err(StorageError::Closed { .. }) => {
                batch.abandon(trouble, |_| true, || with.pool.closed());
            }
            Err(StorageError::Saturated { .. }) => {
                batch.abandon(trouble, Queued::is_attended, || with.pool.saturated());
            }
            Err(_) => {
                let why = || with.pool.unavailable_since();
                batch.abandon(trouble, Queued::is_attended, why);
            }
        }
        count(&with.pool.tally().write_repeats);
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One attempt, on the lease's own thread on SQLite: nothing cuts it there, not even the end of
/// this task.
async fn attempt(lease: AnyLease, batch: Batch, with: &Surroundings) -> Attempt {
    match lease {
        AnyLease::Postgres(mut lease) => {
            batch
                .attempt(Connection::Postgres(&mut lease.connection), with)
                .await
        }
        AnyLease::Sqlite(lease) => {
            let with = with.clone();
            lease
                .on_its_thread(move |c| {
                    let attempt = batch.attempt(Connection::Sqlite(c), &with).now_or_never();
                    attempt.expect("a job awaits nothing but its queries")
                })
                .await
                .unwrap_or(Attempt::Answered)
        }
    }
}
