//! What an open database is made of. A reset takes these away and puts new ones in their place.

use crate::backup::pg_mark::PgMark;
use crate::backup::watermark::{self, Keeper};
use crate::batch::Surroundings;
use crate::file_watch::FileWatch;
use crate::lane::Lane;
use crate::lock::{OpenFile, StoreLock};
use crate::pool::Pool;
use crate::postgres::CONNECT_TIMEOUT;
use crate::probe::ping;
use crate::registry::unreachable;
use crate::slot::Slot;
use crate::{
    Backend, DatabaseConfig, LaneKey, OpenError, ReplicaOf, StorageError, Url, inspect, migrate,
    transfer,
};
use bus::Tasks;
use futures_util::future::join_all;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Write lanes of a database on PostgreSQL; SQLite has one writer anyway.
const LANES: u32 = 2;

/// How long a database that did not open may take to close again.
const GIVE_UP: Duration = Duration::from_secs(2);

/// How soon a replica is looked at again that has not yet caught up.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) struct Parts {
    pub(crate) config: DatabaseConfig,
    pub(crate) pool: Arc<Pool>,
    pub(crate) lanes: Vec<Lane>,
    keeper: Option<Keeper>,
    lock: Mutex<Option<StoreLock>>,
}

impl Parts {
    /// Lock, migrations, pool, lanes, and one real query.
    pub(crate) async fn open(config: DatabaseConfig, slot: &Arc<Slot>) -> Result<Self, OpenError> {
        if let Some(replica_of) = config.replica_of.clone() {
            return Self::open_replica(config, slot, &replica_of).await;
        }
        let lock = StoreLock::take(&config, &slot.tasks, slot.on_lock_lost()).await?;
        migrate::migrate(&config).await?;
        transfer::refuse_unfinished(&config).await?;
        watermark::settle(&config).await?;
        let file = lock.as_ref().and_then(StoreLock::file);
        let watch = watch(&config, file).map_err(|error| unreachable(&config, &error))?;
        let parts = Self::assemble(config, lock, watch, slot);
        if let Err(error) = parts.answers(&slot.tasks).await {
            parts.close(GIVE_UP).await;
            return Err(error.into());
        }
        let pool = Arc::clone(&parts.pool);
        // Whether it could be noted is logged there.
        let _ = tokio::task::spawn_blocking(move || pool.serves()).await;
        Ok(parts)
    }

    /// Pool and looks only, at it and at its primary: a replica has the rest from there.
    async fn open_replica(
        config: DatabaseConfig,
        slot: &Arc<Slot>,
        replica_of: &ReplicaOf,
    ) -> Result<Self, OpenError> {
        let Some(mirror) = slot.mirror() else {
            let why = format!("there is no database {}", replica_of.primary);
            return Err(inspect::foreign(&config, &why));
        };
        if config.url.backend() == Backend::Sqlite {
            return Err(inspect::foreign(&config, "SQLite has no replicas"));
        }
        mirror.begin();
        let parts = Self::assemble(config, None, None, slot);
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        loop {
            let found = mirror
                .examine(&parts.pool, &slot.tasks, replica_of.lag_max)
                .await;
            let ailment = match found {
                Ok(()) => return Ok(parts),
                Err(ailment) => ailment,
            };
            if ailment.may_pass() && Instant::now() < deadline {
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            parts.close(GIVE_UP).await;
            return Err(ailment.refusal(&parts.config));
        }
    }

    /// Opens no connection yet.
    fn assemble(
        config: DatabaseConfig,
        lock: Option<StoreLock>,
        watch: Option<Arc<FileWatch>>,
        slot: &Slot,
    ) -> Self {
        let mark = mark(&config);
        let pool = Arc::new(Pool::new(&config, &slot.shared, watch, mark.as_ref()));
        let with = Surroundings {
            bus: slot.bus.clone(),
            pool: Arc::clone(&pool),
            tasks: slot.tasks.clone(),
            statement_timeout: config.statement_timeout,
        };
        let lanes = (1..=lane_count(&config))
            .map(|n| {
                Lane::start(
                    format!("{} write lane {n}", config.name),
                    &slot.tasks,
                    &with,
                )
            })
            .collect();
        Self {
            keeper: Keeper::start(&config, &pool, mark, slot),
            config,
            pool,
            lanes,
            lock: Mutex::new(lock),
        }
    }

    /// A slow server may need longer to connect than callers wait.
    async fn answers(&self, tasks: &Tasks) -> Result<(), StorageError> {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        loop {
            match ping(&self.pool, tasks, self.pool.acquire_timeout()).await {
                Err(StorageError::Unavailable { .. }) if Instant::now() < deadline => {}
                answer => return answer,
            }
        }
    }

    /// `None`: nobody writes here.
    pub(crate) fn lane(&self, key: LaneKey) -> Option<&Lane> {
        // Fibonacci hashing: neighbouring keys spread over all lanes.
        let spread = key.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let spread = usize::try_from(spread).expect("32 bits");
        let index = spread.checked_rem(self.lanes.len())?;
        self.lanes.get(index)
    }

    /// Empties the lanes, closes the pool and gives back the lock. False: not all in time.
    pub(crate) async fn close(&self, within: Duration) -> bool {
        // Half for the lanes: the checkpoint gets its share whatever they do.
        let share = within / 2;
        let empty = join_all(self.lanes.iter().map(|lane| lane.close(share))).await;
        if let Some(keeper) = &self.keeper {
            keeper.end(share / 4).await;
        }
        let closed = self.pool.close(share / 2).await;
        let lock = self
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(lock) = lock
            && !self.pool.is_empty()
        {
            lock.give_back_early();
        }
        closed && !empty.contains(&false)
    }
}

/// By what a store on a server is found to have gone back; nothing is written to a replica.
fn mark(config: &DatabaseConfig) -> Option<Arc<PgMark>> {
    let is_marked = config.watermark.is_some() && config.replica_of.is_none();
    let is_on_a_server = config.url.backend() == Backend::Postgres;
    (is_marked && is_on_a_server).then(|| PgMark::of(config))
}

/// Watches the file that is about to be opened.
fn watch(config: &DatabaseConfig, file: Option<OpenFile>) -> io::Result<Option<Arc<FileWatch>>> {
    let Url::Sqlite(store) = &config.url else {
        return Ok(None);
    };
    Ok(Some(Arc::new(FileWatch::of(store, file)?)))
}

/// No more lanes than connections: they would only wait for each other.
fn lane_count(config: &DatabaseConfig) -> u32 {
    if config.replica_of.is_some() {
        return 0;
    }
    match config.url.backend() {
        Backend::Sqlite => 1,
        Backend::Postgres => LANES.min(config.pool_max.max(1)),
    }
}
