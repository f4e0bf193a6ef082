//! An open database: its pool, its lanes and its lock. A reset replaces all of it.

use super::context::DatabaseContext;
use crate::backend::postgres::{CONNECT_TIMEOUT, LockNumbers};
use crate::health::ping;
use crate::lock::{OpenFile, StoreLock};
use crate::pool::{ConnectionPool, FileWatch};
use crate::watermark::{MarkKeeper, PgMark};
use crate::writes::{Lane, LaneContext, LaneExecutor};
use crate::{Backend, DatabaseConfig, LaneKey, StorageError, Url};
use bus::Tasks;
use futures_util::future::join_all;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Write lanes of a database on PostgreSQL. SQLite has one, as it has one writer.
const LANES: u32 = 2;

/// An open database.
pub(crate) struct OpenDatabase {
    pub(crate) config: DatabaseConfig,
    pub(crate) pool: Arc<ConnectionPool>,
    pub(crate) lanes: Vec<Lane>,
    mark_keeper: Option<MarkKeeper>,
    lock: Mutex<Option<StoreLock>>,
}

impl OpenDatabase {
    /// Puts the parts together; opens no connection yet.
    pub(super) fn assemble(
        config: DatabaseConfig,
        lock: Option<StoreLock>,
        watch: Option<Arc<FileWatch>>,
        context: &DatabaseContext,
    ) -> Self {
        let (mark, tasks) = (mark(&config), &context.tasks);
        let shared = &context.shared;
        let pool = Arc::new(ConnectionPool::new(&config, shared, watch, mark.as_ref()));
        let lane_context = LaneContext {
            bus: context.bus.clone(),
            pool: Arc::clone(&pool),
            tasks: tasks.clone(),
            executor: LaneExecutor::for_backend(config.url.backend()),
            statement_timeout: config.statement_timeout,
            lock_numbers: LockNumbers::of(config.schema.as_deref()),
        };
        let lanes = (1..=lane_count(&config))
            .map(|n| Lane::start(format!("{} write lane {n}", config.name), &lane_context))
            .collect();
        Self {
            mark_keeper: MarkKeeper::start(&config, &pool, mark, tasks, &shared.store_info),
            config,
            pool,
            lanes,
            lock: Mutex::new(lock),
        }
    }

    /// Waits for the answer to a query. A slow server may need longer to connect than callers wait.
    pub(super) async fn wait_for_answer(&self, tasks: &Tasks) -> Result<(), StorageError> {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        loop {
            match ping(&self.pool, tasks, self.pool.acquire_timeout()).await {
                Err(StorageError::Unavailable { .. }) if Instant::now() < deadline => {}
                answer => return answer,
            }
        }
    }

    /// Returns the lane for a key; `None` for a replica, which has no lanes.
    pub(crate) fn lane(&self, key: LaneKey) -> Option<&Lane> {
        // Fibonacci hashing: neighbouring keys spread over all lanes.
        let spread = key.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let spread = usize::try_from(spread).expect("32 bits");
        let index = spread.checked_rem(self.lanes.len())?;
        self.lanes.get(index)
    }

    /// Empties the lanes, closes the pool and releases the lock. Returns false if not everything
    /// ended in time.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        // Half for the lanes: the checkpoint gets its share whatever they do.
        let share = within / 2;
        let empty = join_all(self.lanes.iter().map(|lane| lane.close(share))).await;
        if let Some(keeper) = &self.mark_keeper {
            keeper.end(share / 4).await;
        }
        let closed = self.pool.close(share / 2).await;
        let lock = self.lock.lock().take();
        if let Some(lock) = lock
            && !self.pool.is_empty()
        {
            lock.release_early();
        }
        closed && !empty.contains(&false)
    }
}

/// Returns the mark of a store on a server, by which it shows that the store went back. A replica
/// has none: nothing is written to it.
fn mark(config: &DatabaseConfig) -> Option<Arc<PgMark>> {
    let is_marked = config.watermark.is_some() && config.replica_of.is_none();
    let is_on_a_server = config.url.backend() == Backend::Postgres;
    (is_marked && is_on_a_server).then(|| PgMark::of(config))
}

/// Watches the file that is about to be opened.
pub(super) fn watch(
    config: &DatabaseConfig,
    file: Option<OpenFile>,
) -> io::Result<Option<Arc<FileWatch>>> {
    let Url::Sqlite(store) = &config.url else {
        return Ok(None);
    };
    Ok(Some(Arc::new(FileWatch::of(store, file)?)))
}

/// Never more lanes than connections: they would only wait for each other.
fn lane_count(config: &DatabaseConfig) -> u32 {
    if config.replica_of.is_some() {
        return 0;
    }
    match config.url.backend() {
        Backend::Sqlite => 1,
        Backend::Postgres => LANES.min(config.pool_max.max(1)),
    }
}
