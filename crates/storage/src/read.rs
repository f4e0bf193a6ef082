//! Reads: one read-only snapshot each, on a pooled connection.

use crate::gate::Purpose;
use crate::pool::{AnyLease, Lease, Pool};
use crate::postgres::STATEMENTS_PER_STEP;
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
    pub(crate) statement_timeout: Duration,
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
        let lease = self.lease().await?;
        let limit = self.statement_timeout * STATEMENTS_PER_STEP;
        let read = async {
            match lease {
                AnyLease::Sqlite(lease) => on_sqlite(lease, work).await,
                AnyLease::Postgres(lease) => self.on_postgres(lease, work).await,
            }
        };
        match tokio::time::timeout(limit, read).await {
            Ok(read) => read.map_err(|fault| self.pool.failure(self.operation, fault)),
            Err(_) => Err(self
                .pool
                .unavailable(&format_args!("no answer within {limit:?}"))),
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

    async fn on_postgres<T, W>(
        &self,
        mut lease: Lease<AsyncPgConnection>,
        work: W,
    ) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.tasks.once("storage", self.operation, async move {
            let mut reader = Reader::new(Connection::Postgres(&mut lease.connection));
            let read = finish(&mut reader, work).await;
            drop(lease);
            let _ = sender.send(read);
        });
        receiver
            .await
            .unwrap_or_else(|_| Err(Fault::Other(anyhow::anyhow!("cut short"))))
    }
}

async fn on_sqlite<T, W>(lease: Lease<Link>, work: W) -> Result<T, Fault>
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
        .unwrap_or_else(|| Err(Fault::Other(anyhow::anyhow!("cut short"))))
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
