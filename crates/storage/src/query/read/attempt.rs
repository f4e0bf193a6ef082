//! One attempt to read a file: on a connection of its own, or as part of another caller's batch.

use super::{Attempted, Read};
use crate::error::{NoAnswer, catch_panics};
use crate::pool::{AcquireRequest, AnyLease, ReadQueue, Ticket};
use crate::{Fault, Reader, StorageError};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, OptionFuture};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

impl Read<'_> {
    /// Queues the read, and waits for a connection only as long as nobody else has begun it.
    pub(super) async fn queued<T, W>(
        &self,
        queue: Arc<ReadQueue>,
        work: W,
    ) -> Result<Attempted<T>, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let arrived = Instant::now();
        let (ticket, mut result) = self.join(&queue, arrived, work);
        // Callers that are about to read queue first: then one move to a thread takes all of them.
        tokio::task::yield_now().await;
        let deadline = arrived + self.pool.acquire_timeout();
        let lease = tokio::select! {
            biased;
            read = &mut result => return Ok(self.finished(read.ok())),
            lease = self.pool.lease_by(AcquireRequest::read(self.operation), deadline) => lease,
        };
        let running = self.begin(&ticket, lease, queue)?;
        let read = async {
            tokio::select! {
                biased;
                read = &mut result => read.ok(),
                Some(()) = OptionFuture::from(running) => result.await.ok(),
            }
        };
        let no_answer = |_| Some(Err(Fault::Other(NoAnswer(self.limit).into())));
        Ok(self.finished(timeout(self.limit, read).await.unwrap_or_else(no_answer)))
    }

    /// Queues the read; returns its ticket and the receiver of its result.
    fn join<T, W>(
        &self,
        queue: &Arc<ReadQueue>,
        arrived: Instant,
        work: W,
    ) -> (Ticket, oneshot::Receiver<Result<T, Fault>>)
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let (sender, result) = oneshot::channel();
        let pool = Arc::clone(self.pool);
        let ticket = queue.join(Box::new(move |snapshot| {
            pool.counters().acquired(arrived);
            let read = snapshot.and_then(|reader| {
                let read = catch_panics(async { work(reader).await }).now_or_never();
                read.expect("a read awaits nothing but its queries")
            });
            let is_well = read.is_ok();
            let _ = sender.send(read);
            is_well
        }));
        (ticket, result)
    }

    /// Returns what to do with the connection, or the error of waiting for it; `None` if another
    /// caller has begun the read.
    fn begin(
        &self,
        ticket: &Ticket,
        lease: Result<AnyLease, StorageError>,
        queue: Arc<ReadQueue>,
    ) -> Result<Option<impl Future<Output = ()>>, StorageError> {
        let Some(own) = ticket.take_back() else {
            return Ok(None);
        };
        let lease = lease.inspect_err(|error| self.pool.not_acquired(error))?;
        Ok(Some(lease.run_queue(queue, own)))
    }
}
