//! Connections on loan.

use super::gate::Permit;
use super::read_queue::{QueuedRead, ReadQueue};
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

/// A connection on loan; returned to the pool when dropped, before its permit.
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
    /// waiting only. Returns `None` if the work panicked.
    pub(crate) async fn on_its_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        let done = tokio::task::spawn_blocking(move || self.run(work));
        done.await.ok()
    }

    /// Works on the calling thread, which must be one that may block. Returns `None` if the work
    /// panicked.
    pub(crate) fn on_this_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        catch_unwind(AssertUnwindSafe(|| self.run(work))).ok()
    }

    fn run<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> T {
        let done = self.connection.spawn_blocking(move |c| Ok(work(c)));
        done.now_or_never()
            .expect("the work runs on this thread")
            .expect("the closure returns no error")
    }
}

impl AnyLease {
    /// Runs the caller's own read and queued ones on a connection to a file. Dropping this future
    /// ends the waiting only.
    pub(crate) async fn run_queue(self, queue: Arc<ReadQueue>, own: QueuedRead) {
        if let Self::Sqlite(lease) = self {
            lease.on_its_thread(move |c| queue.run(own, c)).await;
        }
    }
}
