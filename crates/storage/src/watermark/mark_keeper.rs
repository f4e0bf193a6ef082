//! Writing the mark of a database that is served: every few seconds, and at the stop.

use super::mark::Mark;
use super::pg_mark::PgMark;
use crate::health::{StoreInfo, postgres_info};
use crate::pool::{AcquireRequest, AnyLease, ConnectionPool};
use crate::query::Read;
use crate::{Access as _, Connection, DatabaseConfig, Fault, Url};
use bus::{Task, Tasks};
use diesel::QueryResult;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The task that writes the mark of one database.
pub(crate) struct MarkKeeper {
    notes: Notes,
    task: Task,
}

#[derive(Clone)]
struct Notes {
    database: String,
    store: MarkStore,
    /// The number of batches at the last count.
    counted: Arc<AtomicU64>,
    pool: Arc<ConnectionPool>,
    tasks: Tasks,
    limit: Duration,
    last: Arc<Mutex<Option<Mark>>>,
}

/// Where the mark is kept.
#[derive(Clone)]
enum MarkStore {
    /// The highest row of a table, in a file beside the database.
    File(PathBuf, &'static str),
    /// A count, in the database and in a file outside.
    Server(Arc<PgMark>, Arc<StoreInfo>),
}

impl MarkKeeper {
    /// Starts the task; returns `None` if no mark is to be kept.
    pub(crate) fn start(
        config: &DatabaseConfig,
        pool: &Arc<ConnectionPool>,
        mark: Option<Arc<PgMark>>,
        tasks: &Tasks,
        store_info: &Arc<StoreInfo>,
    ) -> Option<Self> {
        let watermark = config.watermark?;
        let store = match (&config.url, mark) {
            (Url::Sqlite(file), _) => MarkStore::File(file.clone(), watermark.table),
            (Url::Postgres(_), Some(mark)) => MarkStore::Server(mark, Arc::clone(store_info)),
            (Url::Postgres(_), None) => return None,
        };
        let notes = Notes {
            database: config.name.clone(),
            store,
            counted: Arc::default(),
            pool: Arc::clone(pool),
            tasks: tasks.clone(),
            limit: config.statement_timeout,
            last: Arc::default(),
        };
        let (name, its) = (format!("{} mark", config.name), notes.clone());
        let task = tasks.periodic("storage", name, watermark.every, 0.1, move || {
            let notes = its.clone();
            async move {
                notes.try_note().await;
                Ok(())
            }
        });
        Some(Self { notes, task })
    }

    /// Writes the mark for the last time; without that the next start is right too.
    pub(crate) async fn end(&self, within: Duration) {
        self.task.cancel();
        if tokio::time::timeout(within, self.notes.try_note())
            .await
            .is_err()
        {
            tracing::warn!(database = %self.notes.database, "could not write the mark in time");
        }
    }
}

impl Notes {
    /// Logs a failure: an old mark does no harm, and errors of the database are reported elsewhere.
    async fn try_note(&self) {
        if let Err(error) = self.note().await {
            tracing::warn!(database = %self.database, %error, "could not write the mark");
        }
    }

    async fn note(&self) -> anyhow::Result<()> {
        match &self.store {
            MarkStore::File(store, table) => self.note_of_file(store.clone(), table).await,
            MarkStore::Server(mark, store_info) => self.count(mark, store_info).await,
        }
    }

    /// Reads what is committed, then writes it down. Dropped in between, it writes nothing.
    async fn note_of_file(&self, store: PathBuf, table: &'static str) -> anyhow::Result<()> {
        let read = Read {
            operation: OPERATION,
            pool: &self.pool,
            tasks: &self.tasks,
            limit: self.limit,
        };
        let now = read.run(move |reader| {
            Box::pin(async move {
                match reader.connection() {
                    Connection::Sqlite(c) => Ok(Mark::of(c, table)?),
                    Connection::Postgres(_) => Err(Fault::Other(anyhow::anyhow!(
                        "only a SQLite database has a mark file"
                    ))),
                }
            })
        });
        let (now, last) = (now.await?, Arc::clone(&self.last));
        tokio::task::spawn_blocking(move || write_once(now, &store, &last)).await??;
        Ok(())
    }

    /// Counts on, if anything was written since. If the outcome of the commit is unknown, it counts
    /// again.
    async fn count(&self, mark: &PgMark, store_info: &StoreInfo) -> anyhow::Result<()> {
        let batches = self.pool.counters().batches.load(Ordering::Relaxed);
        if self.counted.load(Ordering::Relaxed) == batches {
            return Ok(());
        }
        let lease = self.pool.lease(AcquireRequest::read(OPERATION)).await?;
        if let AnyLease::Postgres(mut lease) = lease {
            let counting = async {
                mark.count(&mut lease.connection).await?;
                store_info.observe(postgres_info(&mut lease.connection).await?);
                QueryResult::Ok(())
            };
            tokio::time::timeout(self.limit, counting).await??;
            self.counted.store(batches, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The operation under which this is shown as a holder of connections.
const OPERATION: &str = "storage.mark";

/// Holds the lock from the comparison to the end, so that a slow writer never overwrites a later
/// mark.
fn write_once(now: Mark, store: &Path, last: &Mutex<Option<Mark>>) -> std::io::Result<()> {
    let mut last = last.lock();
    let is_news = last
        .as_ref()
        .is_none_or(|last| last.epoch != now.epoch || last.rowid < now.rowid);
    if is_news {
        now.write(store)?;
        *last = Some(now);
    }
    Ok(())
}
