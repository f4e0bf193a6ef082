//! All named databases of the process.

use crate::durability::{Alarm, DurabilityLost};
use crate::health::{DatabasesProbe, PoolProbe};
use crate::lock::StoreLock;
use crate::metrics::DatabaseMetrics;
use crate::pool::RETRY_AFTER;
use crate::slot::Slot;
use crate::{Database, DatabaseConfig, StorageError, migrate};
use bus::{Bus, Probe, Tasks};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The named databases. A cheap handle.
#[derive(Clone)]
pub struct Registry {
    bus: Bus,
    tasks: Tasks,
    pub(crate) databases: Arc<Databases>,
    alarm: Alarm,
}

/// Them, by name.
#[derive(Default)]
pub(crate) struct Databases(RwLock<Names>);

#[derive(Default)]
struct Names {
    slots: BTreeMap<String, Arc<Slot>>,
    default: Option<String>,
}

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
            alarm: Alarm::new(),
        }
    }

    /// Makes a database known without opening it. A name that is known already stays as it is.
    pub fn register(&self, config: DatabaseConfig) {
        self.slot(config);
    }

    /// Opens a database: lock, migrations, pool, lanes. Called again with the same name it returns
    /// the same instance and opens nothing.
    pub async fn open(&self, config: DatabaseConfig) -> Result<Database, OpenError> {
        let slot = self.slot(config);
        slot.open().await?;
        Ok(Database::new(slot))
    }

    /// Opens all that are registered: waits for the critical ones, and fails with the first of
    /// them that does; the others are opened in their own time, again and again if need be. What
    /// is open already stays as it is.
    pub async fn initialise(&self) -> Result<(), OpenError> {
        let (critical, others): (Vec<_>, _) = self
            .databases
            .all()
            .into_iter()
            .partition(|slot| slot.config().critical);
        for slot in critical {
            slot.open().await?;
        }
        for slot in others {
            slot.open_in_time();
        }
        Ok(())
    }

    /// Runs the migrations of a database and closes it again.
    pub async fn migrate(config: DatabaseConfig) -> Result<Vec<String>, OpenError> {
        let _lock = StoreLock::take_to_migrate(&config).await?;
        migrate::migrate(&config).await
    }

    /// By name; `default` is what [`Self::make_default`] says, or else the only one, or `core`. A
    /// replica is reached through its primary alone.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<Database> {
        let slot = match name {
            "default" => self.databases.default(),
            name => self.databases.named(name),
        };
        let slot = slot.filter(|slot| slot.config().replica_of.is_none());
        slot.map(Database::new)
    }

    /// From now on `default` is this one, however many there are.
    pub fn make_default(&self, name: &str) {
        self.databases.write().default = Some(name.to_owned());
    }

    /// What the operator sees: `databases` and `db-pool`.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        vec![
            Arc::new(DatabasesProbe(Arc::clone(&self.databases))),
            Arc::new(PoolProbe(Arc::clone(&self.databases))),
        ]
    }

    /// Every database in metrics, by name. Cheap; nothing waits.
    #[must_use]
    pub fn metrics(&self) -> Vec<DatabaseMetrics> {
        let slots = self.databases.all();
        slots.iter().map(|slot| slot.metrics()).collect()
    }

    /// Waits until a critical database may have lost what was written; [`DurabilityLoss`](crate::DurabilityLoss)
    /// says how the process must end then.
    pub async fn durability_lost(&self) -> DurabilityLost {
        self.alarm.raised().await
    }

    /// What [`Self::durability_lost`] has returned, or would.
    #[must_use]
    pub fn durability(&self) -> Option<DurabilityLost> {
        self.alarm.now()
    }

    /// Empties the lanes, checkpoints SQLite on a blocking thread, closes the pools in parallel and
    /// gives back the locks, within this time in all. Returns the names of the critical ones that
    /// were not done with by then; of the others nothing was promised to anyone.
    pub async fn close(&self, within: Duration) -> Vec<String> {
        let names = std::mem::take(&mut *self.databases.write());
        let closing = names.slots.iter().map(|(name, slot)| async move {
            let in_time = slot.end(within).await;
            (!in_time && slot.config().critical).then(|| name.clone())
        });
        join_all(closing).await.into_iter().flatten().collect()
    }

    /// The place of this name, made if need be.
    fn slot(&self, config: DatabaseConfig) -> Arc<Slot> {
        let mut names = self.databases.write();
        let of = config.replica_of.as_ref();
        let primary = of.and_then(|of| names.slots.get(&of.primary)).cloned();
        let slot = match names.slots.entry(config.name.clone()) {
            Entry::Occupied(taken) => taken.into_mut(),
            Entry::Vacant(free) => {
                let (bus, tasks) = (self.bus.clone(), self.tasks.clone());
                let alarm = self.alarm.clone();
                free.insert(Slot::new(config, bus, tasks, alarm, primary.as_ref()))
            }
        };
        Arc::clone(slot)
    }
}

impl Databases {
    pub(crate) fn all(&self) -> Vec<Arc<Slot>> {
        self.read().slots.values().cloned().collect()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Slot>> {
        self.read().slots.get(name).cloned()
    }

    fn default(&self) -> Option<Arc<Slot>> {
        let names = self.read();
        if let Some(name) = &names.default {
            return names.slots.get(name).cloned();
        }
        let primaries = names.slots.values();
        let mut primaries = primaries.filter(|slot| slot.mirror().is_none());
        let only = match (primaries.next(), primaries.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        only.or_else(|| names.slots.get("core")).cloned()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Names> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
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
