//! All named databases of the process.

use crate::{Database, DatabaseConfig, StorageError};
use bus::{Bus, Probe, Tasks};
use std::sync::Arc;
use std::time::Duration;

/// The named databases. A cheap handle.
#[derive(Clone)]
pub struct Registry {
    _private: (),
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
    pub fn new(_bus: Bus, _tasks: Tasks) -> Self {
        unimplemented!()
    }

    /// Opens a database: lock, migrations, pool, lanes. Called again with the same name it returns
    /// the same instance and opens nothing.
    pub async fn open(&self, _config: DatabaseConfig) -> Result<Database, OpenError> {
        unimplemented!()
    }

    /// Runs the migrations of a database and closes it again.
    pub async fn migrate(_config: DatabaseConfig) -> Result<Vec<String>, OpenError> {
        unimplemented!()
    }

    /// By name; `default` is the only one, or `core`.
    #[must_use]
    pub fn database(&self, _name: &str) -> Option<Database> {
        unimplemented!()
    }

    /// What the operator sees: `databases` and `db-pool`.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        unimplemented!()
    }

    /// Empties the lanes, checkpoints SQLite on a blocking thread, closes the pools in parallel and
    /// gives back the locks, within this time in all.
    pub async fn close(&self, _within: Duration) {
        unimplemented!()
    }
}
