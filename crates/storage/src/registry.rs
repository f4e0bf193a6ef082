//! All named databases of the process.

use crate::health::{DatabasesProbe, PoolProbe};
use crate::lock::StoreLock;
use crate::pool::RETRY_AFTER;
use crate::postgres::CONNECT_TIMEOUT;
use crate::{Database, DatabaseConfig, StorageError, migrate, vitals};
use bus::{Bus, Probe, Tasks};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// How long a database that did not open may take to close again.
const GIVE_UP: Duration = Duration::from_secs(2);

/// The named databases. A cheap handle.
#[derive(Clone)]
pub struct Registry {
    bus: Bus,
    tasks: Tasks,
    databases: Arc<Databases>,
    /// Held while one is being opened, so that a name is opened once.
    opening: Arc<tokio::sync::Mutex<()>>,
}

/// The open ones, by name.
#[derive(Default)]
pub(crate) struct Databases(RwLock<BTreeMap<String, Database>>);

/// Why a database did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server holds this store.
    #[error("{store} is in use by {holder}")]
    Locked {
        /// The file or the database.
        store: String,
        /// Who holds it, as far as it can be known.
        holder: String,
    },
    /// The file or database is not Parlor's, is damaged, or is newer than this binary.
    #[error("{store} cannot be used: {why}")]
    Foreign {
        /// The file or the database.
        store: String,
        /// What is wrong with it.
        why: String,
    },
    /// A migration failed; the old schema stands.
    #[error("migrating {store} failed: {why}")]
    Migration {
        /// The file or the database.
        store: String,
        /// What went wrong.
        why: String,
    },
    /// It cannot be reached.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Registry {
    /// No databases yet. Facts of their jobs go to `bus`, their tasks belong to `tasks`.
    #[must_use]
    pub fn new(bus: Bus, tasks: Tasks) -> Self {
        Self {
            bus,
            tasks,
            databases: Arc::default(),
            opening: Arc::default(),
        }
    }

    /// Opens a database: lock, migrations, pool, lanes. Called again with the same name it returns
    /// the same instance and opens nothing.
    pub async fn open(&self, config: DatabaseConfig) -> Result<Database, OpenError> {
        let _one_at_a_time = self.opening.lock().await;
        if let Some(database) = self.databases.named(&config.name) {
            return Ok(database);
        }
        let lock = StoreLock::take(&config, &self.tasks).await?;
        migrate::migrate(&config).await?;
        let database = Database::assemble(&config, lock, self.bus.clone(), self.tasks.clone());
        if let Err(error) = answers(&database).await {
            database.close(GIVE_UP).await;
            return Err(error.into());
        }
        self.attend(&database);
        self.databases.write().insert(config.name, database.clone());
        Ok(database)
    }

    /// Runs the migrations of a database and closes it again.
    pub async fn migrate(config: DatabaseConfig) -> Result<Vec<String>, OpenError> {
        let _lock = StoreLock::take_to_migrate(&config).await?;
        migrate::migrate(&config).await
    }

    /// By name; `default` is the only one, or `core`.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<Database> {
        match name {
            "default" => self.databases.default(),
            name => self.databases.named(name),
        }
    }

    /// What the operator sees: `databases` and `db-pool`.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        vec![
            Arc::new(DatabasesProbe(Arc::clone(&self.databases))),
            Arc::new(PoolProbe(Arc::clone(&self.databases))),
        ]
    }

    /// Empties the lanes, checkpoints SQLite on a blocking thread, closes the pools in parallel and
    /// gives back the locks, within this time in all.
    pub async fn close(&self, within: Duration) {
        let databases = std::mem::take(&mut *self.databases.write());
        join_all(databases.values().map(|database| database.close(within))).await;
    }

    fn attend(&self, database: &Database) {
        let name = database.name().to_owned();
        let (epochs, bus) = (database.parts().vitals.follow(), self.bus.clone());
        let epoch = self
            .tasks
            .restarting("storage", format!("{name} epoch"), move || {
                vitals::state_changes(epochs.clone(), name.clone(), bus.clone())
            });
        database.attend(epoch);
        database.attend(database.probe_on(&self.tasks));
    }
}

impl Databases {
    pub(crate) fn all(&self) -> Vec<Database> {
        self.read().values().cloned().collect()
    }

    fn named(&self, name: &str) -> Option<Database> {
        self.read().get(name).cloned()
    }

    fn default(&self) -> Option<Database> {
        let databases = self.read();
        let only = if databases.len() == 1 {
            databases.values().next()
        } else {
            None
        };
        only.or_else(|| databases.get("core")).cloned()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Database>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Database>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one real query at the start. A slow server may need longer to connect than callers wait.
async fn answers(database: &Database) -> Result<(), StorageError> {
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    loop {
        match database.ping().await {
            Err(StorageError::Unavailable { .. }) if Instant::now() < deadline => {}
            answer => return answer,
        }
    }
}

/// The store cannot even be reached.
pub(crate) fn unreachable(config: &DatabaseConfig, cause: &dyn Display) -> OpenError {
    OpenError::Storage(StorageError::Unavailable {
        database: config.name.clone(),
        cause: cause.to_string(),
        retry_after: RETRY_AFTER,
    })
}
