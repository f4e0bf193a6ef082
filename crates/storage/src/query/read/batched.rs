//! An attempt to read a file: on a connection of its own, or on that of another who takes it along.

use super::{Read, Trial};
use crate::error::{NoAnswer, catch_panics};
use crate::pool::{AcquireRequest, AnyLease, ReadBatch, Ticket};
use crate::{Fault, Reader, StorageError};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, OptionFuture};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

impl Read<'_> {
    /// Joins the line, and waits for a connection only as long as nobody has begun the work.
    pub(super) async fn in_line<T, W>(
        &self,
        line: Arc<ReadBatch>,
        work: W,
    ) -> Result<Trial<T>, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let came = Instant::now();
        let (place, mut told) = self.join(&line, came, work);
        // Whoever is about to read joins the line first: then one move takes all of them.
        tokio::task::yield_now().await;
        let deadline = came + self.pool.acquire_timeout();
        let lease = tokio::select! {
            biased;
            read = &mut told => return Ok(self.ended(read.ok())),
            lease = self.pool.lease_by(AcquireRequest::read(self.operation), deadline) => lease,
        };
        let carrying = self.begin(&place, lease, line)?;
        let read = async {
            tokio::select! {
                biased;
                read = &mut told => read.ok(),
                Some(()) = OptionFuture::from(carrying) => told.await.ok(),
            }
        };
        let silent = |_| Some(Err(Fault::Other(NoAnswer(self.limit).into())));
        Ok(self.ended(timeout(self.limit, read).await.unwrap_or_else(silent)))
    }

    /// A place in line, and where it is told what was read.
    fn join<T, W>(
        &self,
        line: &Arc<ReadBatch>,
        came: Instant,
        work: W,
    ) -> (Ticket, oneshot::Receiver<Result<T, Fault>>)
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let (teller, told) = oneshot::channel();
        let pool = Arc::clone(self.pool);
        let place = line.join(Box::new(move |snapshot| {
            pool.counters().acquired(came);
            let read = snapshot.and_then(|reader| {
                let read = catch_panics(async { work(reader).await }).now_or_never();
                read.expect("a read awaits nothing but its queries")
            });
            let is_well = read.is_ok();
            let _ = teller.send(read);
            is_well
        }));
        (place, told)
    }

    /// What there is to do with a connection that has come, or has not; nothing, when another has
    /// begun the work.
    fn begin(
        &self,
        place: &Ticket,
        lease: Result<AnyLease, StorageError>,
        line: Arc<ReadBatch>,
    ) -> Result<Option<impl Future<Output = ()>>, StorageError> {
        let Some(own) = place.leave() else {
            return Ok(None);
        };
        let lease = lease.inspect_err(|error| self.pool.not_acquired(error))?;
        Ok(Some(lease.carry(line, own)))
    }
}
