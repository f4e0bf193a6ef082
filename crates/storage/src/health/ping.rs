//! Asking a database a question within a short time, in turn like every other caller.

use crate::pool::{AcquireRequest, ConnectionPool};
use crate::query::Read;
use crate::{Fault, Reader, StorageError, query};
use bus::Tasks;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The operation under which the probe is shown as a holder of connections.
const OPERATION: &str = "storage.probe";

/// How long a probe may wait for its connection, and then for the answer.
pub(crate) const LIMIT: Duration = Duration::from_secs(1);

/// Reads a row that every database has: only a query that touches a page shows that a file is
/// locked or cannot be read.
pub(crate) const QUESTION: &str = "SELECT value FROM storage_meta WHERE key = 'epoch'";

/// Asks the database for a row.
pub(crate) async fn ping(
    pool: &Arc<ConnectionPool>,
    tasks: &Tasks,
    acquire: Duration,
) -> Result<(), StorageError> {
    let answer = ask(pool, tasks, acquire, |reader| {
        Box::pin(async move {
            query!(reader, |c| diesel::sql_query(QUESTION).execute(c))?;
            Ok(())
        })
    });
    answer.await
}

/// Runs a question of the probe, waiting at most `acquire` for a connection.
pub(crate) async fn ask<T, W>(
    pool: &Arc<ConnectionPool>,
    tasks: &Tasks,
    acquire: Duration,
    question: W,
) -> Result<T, StorageError>
where
    T: Send + 'static,
    W: for<'r> FnOnce(&'r mut Reader<'_>) -> BoxFuture<'r, Result<T, Fault>> + Send + 'static,
{
    let read = Read {
        operation: OPERATION,
        pool,
        tasks,
        limit: LIMIT,
    };
    let lease = pool.lease_by(AcquireRequest::read(OPERATION), Instant::now() + acquire);
    let answer = read.on(lease.await?, question);
    answer.await.map_err(|fault| match fault {
        Some(fault) => pool.failure(OPERATION, fault),
        None => pool.closed(),
    })
}
