//! One read on a replica: without waiting in line, within a short time, in one snapshot.

use super::outcome::ReplicaOutcome;
use super::signs::still;
use crate::gate::Wish;
use crate::read::Read;
use crate::slot::Slot;
use crate::{Fault, Reader};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

impl Slot {
    /// Tries a read here, where the store must be of this epoch and what is found must be
    /// `enough`. `None`: the primary is to be asked.
    pub(crate) async fn try_read<T, W>(
        &self,
        operation: &'static str,
        epoch: String,
        work: W,
        enough: impl FnOnce(&T) -> bool,
    ) -> Option<T>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let mirror = self.mirror()?;
        let read = self.read_here(operation, epoch, work).await;
        let (value, outcome) = match read {
            Ok(value) if enough(&value) => (Some(value), ReplicaOutcome::Served),
            Ok(_) => (None, ReplicaOutcome::Behind),
            Err(outcome) => (None, outcome),
        };
        mirror.reads.count(outcome);
        if outcome.tires() {
            mirror.rest.tired();
            self.state_tracker().ring();
        } else if outcome != ReplicaOutcome::Busy {
            mirror.rest.over();
        }
        value
    }

    async fn read_here<T, W>(
        &self,
        operation: &'static str,
        epoch: String,
        work: W,
    ) -> Result<T, ReplicaOutcome>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let parts = self.current().ok_or(ReplicaOutcome::Failed)?;
        let pool = &parts.pool;
        let limit = parts.config.statement_timeout;
        let deadline = Instant::now() + limit;
        let pass = pool.gate().try_enter(Wish::read(operation));
        let lease = pool
            .borrow(pass.ok_or(ReplicaOutcome::Busy)?, deadline)
            .await;
        let lease = lease.map_err(|_| {
            if Instant::now() < deadline {
                ReplicaOutcome::Failed
            } else {
                ReplicaOutcome::Late
            }
        })?;
        let read = Read {
            operation,
            pool,
            tasks: &self.tasks,
            limit,
        };
        let found = read.on(lease, move |reader| {
            Box::pin(async move {
                if still(reader, &epoch).await? {
                    work(reader).await.map(Some)
                } else {
                    Ok(None)
                }
            })
        });
        match timeout_at(deadline, found).await {
            Ok(Ok(Some(value))) => Ok(value),
            Ok(Ok(None)) => Err(ReplicaOutcome::Foreign),
            Ok(Err(Some(fault))) => {
                pool.last_error().note(&fault);
                Err(outcome(&fault))
            }
            Ok(Err(None)) => Err(ReplicaOutcome::Failed),
            Err(_) => Err(ReplicaOutcome::Late),
        }
    }
}

fn outcome(fault: &Fault) -> ReplicaOutcome {
    if fault.is_conflict() {
        ReplicaOutcome::Conflict
    } else if fault.is_time_out() || fault.is_silence() {
        ReplicaOutcome::Late
    } else {
        ReplicaOutcome::Failed
    }
}
