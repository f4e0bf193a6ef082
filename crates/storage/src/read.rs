//! Reads: one read-only snapshot each, on a pooled connection.

use crate::fault::Silence;
use crate::gate::Purpose;
use crate::links::{AnyLease, Lease};
use crate::pool::Pool;
use crate::sqlite::Link;
use crate::step::caught;
use crate::{Connection, Fault, Reader, StorageError};
use bus::Tasks;
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often a connection that turned out to be dead is replaced before the work has begun.
const ATTEMPTS: usize = 3;

/// What a read runs with.
pub(crate) struct Read<'d> {
    pub(crate) operation: &'static str,
    pub(crate) pool: &'d Arc<Pool>,
    pub(crate) tasks: &'d Tasks,
    /// Longest wait for all of it; SQLite cannot be stopped, but its caller is told.
    pub(crate) limit: Duration,
}

impl Read<'_> {
    /// Borrows a connection, then hands it and the work to a thread or task of its own. Dropped
    /// before that, nothing was begun; dropped later, the query ends all the same and its
    /// connection comes home clean.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let read = match self.lease().await? {
            AnyLease::Sqlite(lease) => tokio::time::timeout(self.limit, on_sqlite(lease, work))
                .await
                .unwrap_or_else(|_| Some(Err(Fault::Other(Silence(self.limit).into())))),
            AnyLease::Postgres(lease) => self.on_postgres(lease, work).await,
        };
        match read {
            Some(Ok(value)) => Ok(value),
            Some(Err(fault)) => Err(self.pool.failure(self.operation, fault)),
            None => Err(self.pool.closed()),
        }
    }

    /// A connection; on PostgreSQL with the snapshot open, for which a few are tried, since one
    /// that has died in the pool shows only now.
    async fn lease(&self) -> Result<AnyLease, StorageError> {
        let mut attempts = 1..=ATTEMPTS;
        loop {
            attempts.next();
            let mut lease = match self.pool.lease(Purpose::Read).await? {
                AnyLease::Postgres(lease) => lease,
                sqlite @ AnyLease::Sqlite(_) => return Ok(sqlite),
            };
            let mut reader = Reader::new(Connection::Postgres(&mut lease.connection));
            match reader.begin().await.map_err(Fault::from) {
                Ok(()) => return Ok(AnyLease::Postgres(lease)),
                Err(fault) if fault.is_transient() && !attempts.is_empty() => {
                    self.pool.trouble().note(&fault);
                }
                Err(fault) => return Err(self.pool.failure(self.operation, fault)),
            }
        }
    }

    /// `None` when the tasks are being stopped.
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
            let read = tokio::time::timeout(limit, finish(&mut reader, work)).await;
            drop(lease);
            let _ = sender.send(read.unwrap_or_else(|_| Err(Fault::Other(Silence(limit).into()))));
        });
        receiver.await.ok()
    }
}

/// `None` when the process ends.
async fn on_sqlite<T, W>(lease: Lease<Link>, work: W) -> Option<Result<T, Fault>>
where
    T: Send + 'static,
    W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
{
    let read = lease.on_its_thread(|c| {
        let mut reader = Reader::new(Connection::Sqlite(c));
        let read = async {
            reader.begin().await?;
            finish(&mut reader, work).await
        };
        read.now_or_never()
            .expect("a read awaits nothing but its queries")
    });
    read.await
}

/// Works inside the open snapshot and closes it, also after a panic.
async fn finish<T, W>(reader: &mut Reader<'_>, work: W) -> Result<T, Fault>
where
    W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
{
    let read = caught(async { work(reader).await }).await;
    // Whatever is wrong with the connection now, the pool looks at it as it comes home.
    let _ = reader.end().await;
    read
}
