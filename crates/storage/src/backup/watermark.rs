//! Keeping the mark: written every few seconds and at the stop, held against the database at the
//! start.

use super::mark::Mark;
use super::pg_mark::PgMark;
use super::{BackupError, epoch};
use crate::gate::Wish;
use crate::links::AnyLease;
use crate::pool::Pool;
use crate::read::Read;
use crate::registry::unreachable;
use crate::slot::Slot;
use crate::store_info::{StoreInfo, postgres_signs};
use crate::{Access as _, Connection, DatabaseConfig, Fault, OpenError, Url, sqlite};
use bus::{Task, Tasks};
use diesel::QueryResult;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Which table's highest row tells how far a SQLite database has come. Its rows must only ever be
/// added at the end, and the last one must never be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// An ordinary rowid table.
    pub table: &'static str,
    /// How often it is noted. Default 10 s. Too long: a copy put back by hand soon after it was
    /// taken goes unnoticed when the server was killed.
    pub every: Duration,
}

impl Watermark {
    /// Of this table, with the documented default.
    #[must_use]
    pub fn new(table: &'static str) -> Self {
        Self {
            table,
            every: Duration::from_secs(10),
        }
    }
}

/// Holds the database against its mark before anyone is served: one that does not go on from there
/// gets a new epoch, since clients may have seen more of the old one than it knows.
pub(crate) async fn settle(config: &DatabaseConfig) -> Result<(), OpenError> {
    let (Url::Sqlite(store), Some(watermark)) = (&config.url, config.watermark) else {
        return Ok(());
    };
    let (store, name) = (store.clone(), config.name.clone());
    let settled = tokio::task::spawn_blocking(move || blocking(&store, watermark.table, &name));
    match settled.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(unreachable(config, &error)),
        Err(panic) => Err(unreachable(config, &panic)),
    }
}

fn blocking(store: &Path, table: &str, database: &str) -> Result<(), BackupError> {
    let mut connection = sqlite::open(&sqlite::uri(store, "")).map_err(fault(store))?;
    let now = Mark::of(&mut connection, table).map_err(fault(store))?;
    let left = Mark::read(store);
    let now = match &left {
        Some(left) if !left.is_followed_by(&now) => {
            let epoch = epoch::renew_sqlite(&mut connection).map_err(fault(store))?;
            tracing::warn!(
                database,
                rows_known = left.rowid,
                rows_found = now.rowid,
                epoch,
                "the database is not the one that was last served here, or an older copy of it: \
                 it has a new epoch, and clients begin anew"
            );
            Mark { epoch, ..now }
        }
        _ => now,
    };
    if left.as_ref() == Some(&now) {
        return Ok(());
    }
    match now.write(store) {
        // A mark that is behind is no harm; one of another epoch costs one more epoch at most.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            tracing::warn!(database, %error, "the mark could not be written");
            Ok(())
        }
        written => written.map_err(BackupError::file(store)),
    }
}

fn fault<E: std::fmt::Display>(store: &Path) -> impl FnOnce(E) -> BackupError {
    BackupError::database(store)
}

/// Notes how far a database that is served has come, every few seconds and at the end.
pub(crate) struct Keeper {
    notes: Notes,
    task: Task,
}

#[derive(Clone)]
struct Notes {
    database: String,
    place: Place,
    /// How many batches there had been when it was last counted.
    counted: Arc<AtomicU64>,
    pool: Arc<Pool>,
    tasks: Tasks,
    limit: Duration,
    last: Arc<Mutex<Option<Mark>>>,
}

/// What is noted, and where.
#[derive(Clone)]
enum Place {
    /// The highest row of a table, beside the file.
    File(PathBuf, &'static str),
    /// A count, in the database and outside.
    Server(Arc<PgMark>, Arc<StoreInfo>),
}

impl Keeper {
    /// `None`: nothing is to be noted.
    pub(crate) fn start(
        config: &DatabaseConfig,
        pool: &Arc<Pool>,
        mark: Option<Arc<PgMark>>,
        slot: &Slot,
    ) -> Option<Self> {
        let tasks = &slot.tasks;
        let watermark = config.watermark?;
        let place = match (&config.url, mark) {
            (Url::Sqlite(store), _) => Place::File(store.clone(), watermark.table),
            (Url::Postgres(_), Some(mark)) => {
                Place::Server(mark, Arc::clone(&slot.shared.store_info))
            }
            (Url::Postgres(_), None) => return None,
        };
        let notes = Notes {
            database: config.name.clone(),
            place,
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

    /// Notes it for the last time; the next start is right without that too.
    pub(crate) async fn end(&self, within: Duration) {
        self.task.cancel();
        if tokio::time::timeout(within, self.notes.try_note())
            .await
            .is_err()
        {
            tracing::warn!(database = %self.notes.database, "no time to write the mark");
        }
    }
}

impl Notes {
    /// A mark that is behind is no harm: the database's own troubles are told elsewhere.
    async fn try_note(&self) {
        if let Err(error) = self.note().await {
            tracing::warn!(database = %self.database, %error, "the mark could not be written");
        }
    }

    async fn note(&self) -> anyhow::Result<()> {
        match &self.place {
            Place::File(store, table) => self.note_of_file(store.clone(), table).await,
            Place::Server(mark, store_info) => self.count(mark, store_info).await,
        }
    }

    /// Reads what is committed, then writes it down. Dropped half way, either happens or not.
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
                        "only an embedded database has a mark"
                    ))),
                }
            })
        });
        let (now, last) = (now.await?, Arc::clone(&self.last));
        tokio::task::spawn_blocking(move || write_once(now, &store, &last)).await??;
        Ok(())
    }

    /// Counts on, if anything was written since. In doubt about the commit it counts again.
    async fn count(&self, mark: &PgMark, store_info: &StoreInfo) -> anyhow::Result<()> {
        let batches = self.pool.counters().batches.load(Ordering::Relaxed);
        if self.counted.load(Ordering::Relaxed) == batches {
            return Ok(());
        }
        let lease = self.pool.lease(Wish::read(OPERATION)).await?;
        if let AnyLease::Postgres(mut lease) = lease {
            let counting = async {
                mark.count(&mut lease.connection).await?;
                store_info.observe(postgres_signs(&mut lease.connection).await?);
                QueryResult::Ok(())
            };
            tokio::time::timeout(self.limit, counting).await??;
            self.counted.store(batches, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The name of whoever notes it, as a holder of connections.
const OPERATION: &str = "storage.mark";

/// Under the lock from the comparison to the end, so that a later figure is never overwritten by an
/// earlier one whose writer was slow.
fn write_once(now: Mark, store: &Path, last: &Mutex<Option<Mark>>) -> std::io::Result<()> {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let is_news = last
        .as_ref()
        .is_none_or(|last| last.epoch != now.epoch || last.rowid < now.rowid);
    if is_news {
        now.write(store)?;
        *last = Some(now);
    }
    Ok(())
}
