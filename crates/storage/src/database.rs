//! One named database.

use crate::backend::postgres::STATEMENTS_PER_STEP;
use crate::query::Read;
use crate::registry::Slot;
use crate::writes::{QueuedJob, Responder, WriteSender, now};
use crate::{DatabaseState, Fault, Job, Reader, StorageError};
use bus::{Origin, Reply, TraceId};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

/// A cheap handle on one named database: its one pool and its write lanes. It stays valid while the
/// database is lost, closed, reset or repointed; meanwhile calls fail with the reason.
#[derive(Clone)]
pub struct Database {
    name: Arc<str>,
    slot: Arc<Slot>,
}

impl Database {
    pub(crate) fn new(slot: Arc<Slot>) -> Self {
        Self {
            name: slot.config().name.into(),
            slot,
        }
    }

    /// The name in the registry, such as `core`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> DatabaseState {
        self.slot.state_tracker().state()
    }

    /// Reads within one read-only snapshot, on a pooled connection, in a task of its own: dropping
    /// this future ends the waiting, never the query. After a transient fault the work is retried a
    /// few times, and never for longer than one slow read may take.
    pub async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>>
            + Clone
            + Send
            + 'static,
    {
        let open = self.slot.open_database().inspect_err(|why| {
            let last_error = &self.slot.context.shared.last_error;
            last_error.refused(why, TraceId::of_this_read());
        })?;
        let read = Read {
            operation,
            pool: &open.pool,
            tasks: &self.slot.context.tasks,
            limit: open.config.statement_timeout * STATEMENTS_PER_STEP,
        };
        let span = tracing::debug_span!("read", operation);
        read.run(work).instrument(span).await
    }

    /// [`Self::read`] that a replica may answer, for reads that are not trivial.
    ///
    /// If a replica is well, `least` is read on the primary first: whether the caller may read
    /// this, and how far the data had come. `None` means that the caller is about to be refused and
    /// needs no replica. Then the replica does the work, and its result counts if it is `enough`:
    /// no older than the primary was a moment ago, so that everybody sees their own acknowledged
    /// writes. In every other case (the replica is behind, late, full, away or no replica any
    /// more), and without replicas, this is the same as [`Self::read`].
    pub async fn read_spread<T, F, L, W>(
        &self,
        operation: &'static str,
        least: L,
        work: W,
        enough: fn(&T, &F) -> bool,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: Send + 'static,
        L: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<Option<F>, Fault>>
            + Clone
            + Send
            + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>>
            + Clone
            + Send
            + 'static,
    {
        if let Some(replica) = self.slot.replicas.pick(|| self.epoch())
            && let Some(least) = self.read(operation, least).await?
        {
            let found = replica.try_read(operation, self.epoch(), work.clone(), |found| {
                enough(found, &least)
            });
            let span = tracing::debug_span!("read on a replica", operation);
            if let Some(found) = found.instrument(span).await {
                return Ok(found);
            }
        }
        self.read(operation, work).await
    }

    /// Submits a job that its subscriber has validated, or replies with the refusal at once.
    pub fn hand_over<J: Job>(
        &self,
        job: Result<J, J::Refusal>,
        reply: Reply<Result<J::Answer, J::Refusal>>,
    ) {
        match job {
            Ok(job) => self.submit(job, reply),
            Err(refusal) => reply.answer(Err(refusal)),
        }
    }

    /// Hands a job to the write lane, which answers through `reply`. Never waits: the reply holds a
    /// credit, and credits bound the queue.
    pub fn submit<J: Job>(&self, job: J, reply: Reply<Result<J::Answer, J::Refusal>>) {
        reply.hand_over();
        self.enqueue(job, Responder::Bus(reply));
    }

    /// Hands over a job without a caller; the facts it states are published from `origin`.
    pub fn submit_from<J: Job>(&self, job: J, origin: &Origin) {
        self.enqueue(job, Responder::nobody(origin));
    }

    /// Hands over a job and waits for its outcome. For tasks and isolated subscribers; never from
    /// the handler of an essential subscriber. Its facts take a credit of their own, unless it
    /// states none.
    ///
    /// If this future is dropped before the lane has begun the job, the job is withdrawn; later it
    /// runs to its end without a caller.
    pub async fn write<J: Job>(
        &self,
        job: J,
        within: Duration,
    ) -> Result<Result<J::Answer, J::Refusal>, StorageError> {
        let open = self.slot.open_database()?;
        let deadline = now() + within;
        let origin = if J::STATES {
            let entered = tokio::time::timeout(within, self.slot.context.bus.enter()).await;
            entered.map_err(|_| open.pool.overloaded())?
        } else {
            Origin::silent()
        };
        let (sender, receiver) = WriteSender::new(origin, deadline);
        self.enqueue(job, Responder::Caller(sender));
        receiver
            .outcome(J::NAME)
            .await
            .unwrap_or_else(|| Err(open.pool.unavailable_now()))
    }

    /// The store's epoch: random, stored with the data, joined on PostgreSQL with the timeline.
    #[must_use]
    pub fn epoch(&self) -> String {
        self.slot.context.shared.store_info.epoch()
    }

    /// What an acknowledged write survives: `power` (a power cut) or `process` (the end of the
    /// process).
    #[must_use]
    pub fn durability(&self) -> &'static str {
        self.slot.context.shared.store_info.durability()
    }

    fn enqueue<J: Job>(&self, job: J, responder: Responder<J::Answer, J::Refusal>) {
        let key = job.lane();
        let job = QueuedJob::boxed(job, responder);
        match self.slot.open_database() {
            Err(why) => {
                let trace = job.origin().trace();
                self.slot
                    .context
                    .shared
                    .last_error
                    .refused(&why, Some(trace));
                job.fail(why);
            }
            Ok(open) => {
                let lane = open.lane(key).map(|lane| lane.hand_over(job));
                if let Some(Err(job)) = lane {
                    job.fail(open.pool.closed());
                }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }
}
