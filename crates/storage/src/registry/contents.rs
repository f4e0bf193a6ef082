//! What a slot contains at the moment.

use super::open_database::OpenDatabase;
use crate::DatabaseConfig;
use parking_lot::RwLock;
use std::sync::Arc;

/// The configuration of a named database and, while it is open, the open database.
pub(crate) struct Contents {
    config: RwLock<DatabaseConfig>,
    open: RwLock<Option<Arc<OpenDatabase>>>,
}

impl Contents {
    /// Returns the contents of a closed database.
    pub(crate) fn new(config: DatabaseConfig) -> Self {
        Self {
            config: RwLock::new(config),
            open: RwLock::default(),
        }
    }

    pub(crate) fn config(&self) -> DatabaseConfig {
        let config = self.config.read();
        config.clone()
    }

    /// Replaces the configuration; the next opening uses it.
    pub(crate) fn repoint(&self, config: DatabaseConfig) {
        *self.config.write() = config;
    }

    /// Returns the open database, if there is one.
    pub(crate) fn current(&self) -> Option<Arc<OpenDatabase>> {
        let open = self.open.read();
        open.clone()
    }

    /// Puts in an open database, or takes out the one that is there; returns the former one.
    pub(crate) fn replace(&self, open: Option<Arc<OpenDatabase>>) -> Option<Arc<OpenDatabase>> {
        let mut place = self.open.write();
        std::mem::replace(&mut place, open)
    }

    /// Calls `report` unless this open database was closed or replaced meanwhile. A close waits for
    /// the call, so that the state `closed` is always set after what `report` sets.
    pub(crate) fn while_current(&self, open: &Arc<OpenDatabase>, report: impl FnOnce()) {
        let current = self.open.read();
        if current.as_ref().is_some_and(|now| Arc::ptr_eq(now, open)) {
            report();
        }
    }
}
