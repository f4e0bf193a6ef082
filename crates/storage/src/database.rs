//! One named database.

use crate::asker::{Asker, Caller, now};
use crate::envelope::Envelope;
use crate::postgres::STATEMENTS_PER_STEP;
use crate::read::Read;
use crate::slot::Slot;
use crate::{DatabaseState, Fault, Job, Reader, StorageError};
use bus::{Origin, Reply, TraceId};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

/// A cheap handle on one named database: its one pool and its write lanes. It stays valid while
/// the database is lost, closed, reset or pointed elsewhere; meanwhile callers are told so.
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

    /// Its name: `core`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is.
    #[must_use]
    pub fn state(&self) -> DatabaseState {
        self.slot.state_tracker().state()
    }

    /// Reads within one read-only snapshot, on a pooled connection, in a task of its own: dropping
    /// this future ends the waiting, never the query. After a fault that passes the work is done
    /// again, few times and never longer than one slow read may take.
    pub async fn read<T, W>(&self, operation: &'static str, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>>
            + Clone
            + Send
            + 'static,
    {
        let parts = self.slot.parts().inspect_err(|why| {
            let last_error = &self.slot.shared.last_error;
            last_error.refused(why, TraceId::of_this_read());
        })?;
        let read = Read {
            operation,
            pool: &parts.pool,
            tasks: &self.slot.tasks,
            limit: parts.config.statement_timeout * STATEMENTS_PER_STEP,
        };
        let span = tracing::debug_span!("read", operation);
        read.run(work).instrument(span).await
    }

    /// [`Self::read`] that may be answered by a replica, for reads that cost more than a glance.
    ///
    /// With a replica that is well, `least` is read here first: who may look, and how far what is
    /// looked at had come. `None`: nobody needs a replica, it is about to be refused. Then the work
    /// is done on the replica, and what it finds counts if it is `enough` of that: no older than
    /// the primary was a moment ago, so that everybody sees their own acknowledged writes. In every
    /// other case (it is behind, late, full, away or no replica any more), and where there are none,
    /// this is [`Self::read`] and nothing else.
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

    /// Hands a job and the asker it answers to the write lane. Never waits: the reply holds a
    /// credit, and credits bound the queue.
    pub fn submit<J: Job>(&self, job: J, reply: Reply<Result<J::Answer, J::Refusal>>) {
        reply.hand_over();
        self.enqueue(job, Asker::Bus(reply));
    }

    /// Hands over a job that nobody waits for; what it states rides on `origin`.
    pub fn submit_from<J: Job>(&self, job: J, origin: &Origin) {
        self.enqueue(job, Asker::nobody(origin));
    }

    /// Hands over a job and waits for its end, for tasks and isolated subscribers: never from the
    /// handler of an essential subscriber. Its facts take a credit of their own, unless it states
    /// none.
    ///
    /// Dropped before the lane has begun the job, the job is withdrawn; later it goes on unheard.
    pub async fn write<J: Job>(
        &self,
        job: J,
        within: Duration,
    ) -> Result<Result<J::Answer, J::Refusal>, StorageError> {
        let parts = self.slot.parts()?;
        let deadline = now() + within;
        let origin = if J::STATES {
            let entered = tokio::time::timeout(within, self.slot.bus.enter()).await;
            entered.map_err(|_| parts.pool.overloaded())?
        } else {
            Origin::silent()
        };
        let (caller, waiter) = Caller::new(origin, deadline);
        self.enqueue(job, Asker::Caller(caller));
        waiter
            .end(J::NAME)
            .await
            .unwrap_or_else(|| Err(parts.pool.unavailable_since()))
    }

    /// The store's epoch: random, stored with the data, joined on PostgreSQL with the timeline.
    #[must_use]
    pub fn epoch(&self) -> String {
        self.slot.shared.store_info.epoch()
    }

    /// What an acknowledgement survives: `power` or `process`.
    #[must_use]
    pub fn durability(&self) -> &'static str {
        self.slot.shared.store_info.durability()
    }

    fn enqueue<J: Job>(&self, job: J, asker: Asker<J::Answer, J::Refusal>) {
        let key = job.lane();
        let job = Envelope::boxed(job, asker);
        match self.slot.parts() {
            Err(why) => {
                let trace = job.origin().trace();
                self.slot.shared.last_error.refused(&why, Some(trace));
                job.abandon(why);
            }
            Ok(parts) => {
                let lane = parts.lane(key).map(|lane| lane.hand_over(job));
                if let Some(Err(job)) = lane {
                    job.abandon(parts.pool.closed());
                }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }
}
