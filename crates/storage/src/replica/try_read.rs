//! One read on a replica: without waiting in turn, within a short time, in one snapshot.

use super::outcome::ReplicaOutcome;
use super::read_replica::ReadReplica;
use super::server_status::is_still_standby;
use crate::pool::AcquireRequest;
use crate::query::Read;
use crate::{Fault, Reader};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

impl ReadReplica {
    /// Tries a read on the replica, whose store must be of this epoch. Returns `None` if that fails
    /// or the result is not `enough`: then the primary must be asked.
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
        let read = self.read_here(operation, epoch, work).await;
        let (value, outcome) = match read {
            Ok(value) if enough(&value) => (Some(value), ReplicaOutcome::Served),
            Ok(_) => (None, ReplicaOutcome::Behind),
            Err(outcome) => (None, outcome),
        };
        self.reads.count(outcome);
        if outcome.opens_breaker() {
            self.breaker.failed();
            self.context.shared.state_tracker.request_probe();
        } else if outcome != ReplicaOutcome::Busy {
            self.breaker.succeeded();
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
        let open = self.contents.current().ok_or(ReplicaOutcome::Failed)?;
        let pool = &open.pool;
        let limit = open.config.statement_timeout;
        let deadline = Instant::now() + limit;
        let permit = pool
            .gate()
            .try_acquire_read(AcquireRequest::read(operation));
        let lease = pool
            .borrow(permit.ok_or(ReplicaOutcome::Busy)?, deadline)
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
            tasks: &self.context.tasks,
            limit,
        };
        let found = read.on(lease, move |reader| {
            Box::pin(async move {
                if is_still_standby(reader, &epoch).await? {
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
    } else if fault.is_time_out() || fault.is_no_answer() {
        ReplicaOutcome::Late
    } else {
        ReplicaOutcome::Failed
    }
}
