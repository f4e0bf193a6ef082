//! All named databases of the process.

mod contents;
mod context;
mod control;
mod databases;
mod open;
mod open_database;
mod slot;
mod start_wait;

pub(crate) use contents::Contents;
pub(crate) use context::DatabaseContext;
pub use control::ControlError;
pub(crate) use databases::Databases;
pub(crate) use open_database::OpenDatabase;
pub(crate) use slot::Slot;

use crate::health::{Alarm, DatabaseActions, DatabasesProbe, PoolProbe};
use crate::lock::StoreLock;
use crate::{Database, DatabaseConfig, DatabaseMetrics, DurabilityLost, OpenError, migrate};
use bus::{Bus, OperatorActions, Probe, Tasks};
use futures_util::future::{join_all, try_join_all};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The named databases of the process. A cheap handle.
#[derive(Clone)]
pub struct Registry {
    bus: Bus,
    tasks: Tasks,
    databases: Arc<Databases>,
    alarm: Alarm,
}

impl Registry {
    /// Returns an empty registry. Facts of the databases' jobs go to `bus`, their tasks belong to
    /// `tasks`.
    #[must_use]
    pub fn new(bus: Bus, tasks: Tasks) -> Self {
        Self {
            bus,
            tasks,
            databases: Arc::default(),
            alarm: Alarm::new(),
        }
    }

    /// Returns a handle to the same databases. Those registered through it state their jobs' facts on this
    /// handle of the bus, and work in these tasks, which may be on another runtime ([`Tasks::on`]).
    #[must_use]
    pub fn on(&self, bus: Bus, tasks: Tasks) -> Self {
        Self {
            bus,
            tasks,
            ..self.clone()
        }
    }

    /// Registers a database without opening it. A name that is registered already keeps its
    /// configuration.
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

    /// Opens all registered databases that are not open. Waits for the critical ones, up to the
    /// `start_wait` of each if its server cannot be reached, and fails with the first of them that
    /// does; tasks open the others, trying again until they succeed.
    pub async fn initialise(&self) -> Result<(), OpenError> {
        let (critical, others): (Vec<_>, _) = self
            .databases
            .all()
            .into_iter()
            .partition(|slot| slot.config().critical);
        try_join_all(critical.iter().map(Slot::open_patiently)).await?;
        for slot in others {
            slot.keep_opening();
        }
        Ok(())
    }

    /// Returns a line about each critical database that is not open: why, as far as that is known.
    #[must_use]
    pub fn why_not_open(&self) -> Vec<String> {
        let slots = self.databases.all().into_iter();
        let missing = slots.filter(|slot| slot.config().critical && slot.current().is_none());
        let why = |slot: &Slot| {
            let unknown = || format!("database {} is not open yet", slot.config().name);
            slot.state_tracker().cause().unwrap_or_else(unknown)
        };
        missing.map(|slot| why(&slot)).collect()
    }

    /// Runs the migrations of a database and closes it again. Returns the versions that were
    /// applied.
    pub async fn migrate(config: DatabaseConfig) -> Result<Vec<String>, OpenError> {
        let _lock = StoreLock::take_to_migrate(&config).await?;
        migrate::migrate(&config).await
    }

    /// Returns a database by its name; `default` is the one named by [`Self::make_default`], or
    /// else the only one, or `core`. Returns no replica: those are reached through their primary
    /// alone.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<Database> {
        let slot = match name {
            "default" => self.databases.default_slot(),
            name => self.databases.named(name),
        };
        let slot = slot.filter(|slot| slot.config().replica_of.is_none());
        slot.map(Database::new)
    }

    /// Makes this database the default, however many there are.
    pub fn make_default(&self, name: &str) {
        self.databases.make_default(name);
    }

    /// Returns the operator's probes: `databases` and `db-pool`.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        vec![
            Arc::new(DatabasesProbe(Arc::clone(&self.databases))),
            Arc::new(PoolProbe(Arc::clone(&self.databases))),
        ]
    }

    /// Returns the operator's actions on databases.
    #[must_use]
    pub fn actions(&self) -> Arc<dyn OperatorActions> {
        Arc::new(DatabaseActions(Arc::clone(&self.databases)))
    }

    /// Returns the metrics of every database, in the order of their names. Cheap; nothing waits.
    #[must_use]
    pub fn metrics(&self) -> Vec<DatabaseMetrics> {
        let slots = self.databases.all();
        slots.iter().map(|slot| slot.metrics()).collect()
    }

    /// Closes one database and leaves the others alone: empties its lanes and waits for its
    /// connections, for at most `drain`. Afterwards its callers get
    /// [`crate::StorageError::Closed`].
    pub async fn stop(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        self.databases.stop(name, drain).await
    }

    /// Opens a database again that was stopped.
    pub async fn start(&self, name: &str) -> Result<(), ControlError> {
        self.databases.start(name).await
    }

    /// Closes a database and opens it again: all its connections are new. Meanwhile its callers get
    /// [`crate::StorageError::Unavailable`] after at most the usual wait.
    pub async fn reset(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        self.databases.reset(name, drain).await
    }

    /// Closes a database and opens another in its place, of the same name.
    pub async fn repoint(
        &self,
        config: DatabaseConfig,
        drain: Duration,
    ) -> Result<(), ControlError> {
        self.databases.repoint(config, drain).await
    }

    /// Waits until a critical database may have lost what was written;
    /// [`DurabilityLossKind`](crate::DurabilityLossKind) says how the process must end then.
    pub async fn durability_lost(&self) -> DurabilityLost {
        self.alarm.raised().await
    }

    /// Returns what [`Self::durability_lost`] has returned, or would return at once.
    #[must_use]
    pub fn durability(&self) -> Option<DurabilityLost> {
        self.alarm.now()
    }

    /// Closes all databases within this time in all: empties the lanes, checkpoints SQLite on a
    /// blocking thread, closes the pools in parallel and releases the locks. Returns the names of
    /// the critical ones that did not end in time; the others promised nothing to anyone.
    pub async fn close(&self, within: Duration) -> Vec<String> {
        let slots = self.databases.take_all();
        let closing = slots.iter().map(|(name, slot)| async move {
            // Work on another runtime may never be polled again.
            let in_time = timeout(within, slot.end(within)).await == Ok(true);
            (!in_time && slot.config().critical).then(|| name.clone())
        });
        join_all(closing).await.into_iter().flatten().collect()
    }

    fn slot(&self, config: DatabaseConfig) -> Arc<Slot> {
        self.databases
            .slot(config, &self.bus, &self.tasks, &self.alarm)
    }
}
