//! Connections on loan.

use super::gate::Permit;
use super::read_batch::{QueuedRead, ReadBatch};
use crate::backend::sqlite::PooledSqlite;
use bb8::ManageConnection;
use diesel::SqliteConnection;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager as Manager, PoolableConnection, bb8::PooledConnection,
};
use futures_util::FutureExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A connection on loan; comes home when dropped, before its permit does.
pub(crate) struct Lease<C: PoolableConnection + 'static>
where
    Manager<C>: ManageConnection,
{
    pub(crate) connection: PooledConnection<'static, C>,
    _permit: Permit,
}

impl<C: PoolableConnection + 'static> Lease<C>
where
    Manager<C>: ManageConnection,
{
    pub(super) fn new(connection: PooledConnection<'static, C>, permit: Permit) -> Self {
        Self {
            connection,
            _permit: permit,
        }
    }
}

/// A connection on loan, of either kind.
pub(crate) enum AnyLease {
    Sqlite(Lease<PooledSqlite>),
    Postgres(Box<Lease<AsyncPgConnection>>),
}

impl Lease<PooledSqlite> {
    /// Moves the connection to a blocking thread and works there. Dropping this future ends the
    /// waiting only. `None` when the work panicked.
    pub(crate) async fn on_its_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        let done = tokio::task::spawn_blocking(move || self.work(work));
        done.await.ok()
    }

    /// Works where it stands, which must be a thread that may block. `None` when the work panicked.
    pub(crate) fn on_this_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        catch_unwind(AssertUnwindSafe(|| self.work(work))).ok()
    }

    fn work<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> T {
        let done = self.connection.spawn_blocking(move |c| Ok(work(c)));
        done.now_or_never()
            .expect("a link works where it stands")
            .expect("it has no errors")
    }
}

impl AnyLease {
    /// Does one's own read and those of others on a connection to a file. Dropping this future ends
    /// the waiting only.
    pub(crate) async fn carry(self, line: Arc<ReadBatch>, own: QueuedRead) {
        if let Self::Sqlite(lease) = self {
            lease.on_its_thread(move |c| line.carry(own, c)).await;
        }
    }
}
