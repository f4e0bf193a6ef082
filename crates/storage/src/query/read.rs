//! Reads: one read-only snapshot each, on a pooled connection, retried after a transient fault.

mod attempt;

use crate::backend::sqlite::PooledSqlite;
use crate::error::{NoAnswer, catch_panics};
use crate::health::count;
use crate::pool::{AcquireRequest, AnyLease, ConnectionPool, Lease};
use crate::{Connection, Fault, Reader, StorageError};
use bus::{Backoff, Tasks, TraceId};
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Attempts per read: a connection that has died in the pool shows only when it is used, and
/// several may have died together.
const ATTEMPTS: u32 = 5;

/// The first and the longest pause before a further attempt.
const PAUSE_MIN: Duration = Duration::from_millis(6);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// A read that is about to run.
pub(crate) struct Read<'d> {
    pub(crate) operation: &'static str,
    pub(crate) pool: &'d Arc<ConnectionPool>,
    pub(crate) tasks: &'d Tasks,
    /// Longest wait for the work. SQLite cannot be stopped, but its caller gets an error.
    pub(crate) limit: Duration,
}

/// The error is `None` when the process is ending.
type Attempted<T> = Result<T, Option<Fault>>;

impl Read<'_> {
    /// Borrows a connection, then hands it and the work to a thread or task of its own. Dropped
    /// before that, nothing was begun; dropped later, the query still ends and its connection
    /// returns to the pool clean.
    ///
    /// After a transient fault the read is tried again, if that attempt begins within the time in
    /// which the first might still have been waiting for its connection: no caller waits longer
    /// than for one slow read.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>>
            + Clone
            + Send
            + 'static,
    {
        let ended = self.run_with_retries(work).await;
        ended.inspect_err(|error| self.log_failure(error))
    }

    async fn run_with_retries<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>>
            + Clone
            + Send
            + 'static,
    {
        let begin_by = Instant::now() + self.pool.acquire_timeout();
        let mut backoff = Backoff::between(PAUSE_MIN, PAUSE_MAX);
        for _ in 1..ATTEMPTS {
            let fault = match self.attempt(work.clone()).await? {
                Err(Some(fault)) if fault.is_transient() => fault,
                ended => return self.result_of(ended),
            };
            self.pool.last_error().note(&fault);
            let resume = Instant::now() + backoff.pause();
            if resume >= begin_by {
                return self.result_of(Err(Some(fault)));
            }
            tracing::debug!(%fault, operation = self.operation, "retrying a read");
            count(&self.pool.counters().read_repeats);
            tokio::time::sleep_until(resume).await;
        }
        self.result_of(self.attempt(work).await?)
    }

    /// Tries once, on whichever connection comes first.
    async fn attempt<T, W>(&self, work: W) -> Result<Attempted<T>, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        if let Some(queue) = self.pool.read_queue() {
            return self.queued(Arc::clone(queue), work).await;
        }
        let lease = self
            .pool
            .lease(AcquireRequest::read(self.operation))
            .await?;
        Ok(self.on(lease, work).await)
    }

    /// Tries once, on this connection.
    pub(crate) async fn on<T, W>(&self, lease: AnyLease, work: W) -> Attempted<T>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let read = match lease {
            AnyLease::Sqlite(lease) => tokio::time::timeout(self.limit, on_sqlite(lease, work))
                .await
                .unwrap_or_else(|_| Some(Err(Fault::Other(NoAnswer(self.limit).into())))),
            AnyLease::Postgres(lease) => self.on_postgres(lease, work).await,
        };
        self.finished(read)
    }

    fn finished<T>(&self, read: Option<Result<T, Fault>>) -> Attempted<T> {
        let value = read.ok_or(None)?.map_err(Some)?;
        self.pool.last_error().clear();
        Ok(value)
    }

    fn result_of<T>(&self, ended: Attempted<T>) -> Result<T, StorageError> {
        ended.map_err(|fault| match fault {
            Some(fault) => self.pool.failure(self.operation, fault),
            None => self.pool.closed(),
        })
    }

    /// Logs why a read failed, under its trace: a caller on the bus learns only that it failed.
    fn log_failure(&self, error: &StorageError) {
        let trace = TraceId::of_this_read();
        self.pool.last_error().refused(error, trace);
        if let (StorageError::Failed { fault, .. }, Some(trace)) = (error, trace) {
            let (operation, fault) = (self.operation, format_args!("{fault:#}"));
            tracing::error!(operation, %trace, %fault, "a read failed");
        }
    }

    /// Returns `None` when the tasks are being stopped.
    async fn on_postgres<T, W>(
        &self,
        mut lease: Box<Lease<AsyncPgConnection>>,
        work: W,
    ) -> Option<Result<T, Fault>>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let limit = self.limit;
        self.tasks.once("storage", self.operation, async move {
            let mut reader = Reader::new(Connection::Postgres(&mut lease.connection));
            let read = tokio::time::timeout(limit, snapshot(&mut reader, work)).await;
            drop(lease);
            let _ = sender.send(read.unwrap_or_else(|_| Err(Fault::Other(NoAnswer(limit).into()))));
        });
        receiver.await.ok()
    }
}

/// Returns `None` when the process is ending.
async fn on_sqlite<T, W>(lease: Lease<PooledSqlite>, work: W) -> Option<Result<T, Fault>>
where
    T: Send + 'static,
    W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
{
    let read = lease.on_its_thread(|c| {
        let mut reader = Reader::new(Connection::Sqlite(c));
        let read = snapshot(&mut reader, work).now_or_never();
        read.expect("a read awaits nothing but its queries")
    });
    read.await
}

/// Opens a snapshot, runs the work inside and closes the snapshot, also after a panic.
async fn snapshot<T, W>(reader: &mut Reader<'_>, work: W) -> Result<T, Fault>
where
    W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
{
    reader.begin().await?;
    let read = catch_panics(async { work(reader).await }).await;
    // If the connection is broken, the pool notices when it returns.
    let _ = reader.end().await;
    read
}
