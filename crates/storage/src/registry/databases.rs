//! The slots of all databases, by name.

use super::slot::Slot;
use crate::DatabaseConfig;
use crate::health::Alarm;
use bus::{Bus, Tasks};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// The slots of all databases, by name.
#[derive(Default)]
pub(crate) struct Databases(RwLock<Names>);

#[derive(Default)]
struct Names {
    slots: BTreeMap<String, Arc<Slot>>,
    default: Option<String>,
}

impl Databases {
    pub(crate) fn all(&self) -> Vec<Arc<Slot>> {
        self.read().slots.values().cloned().collect()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Arc<Slot>> {
        self.read().slots.get(name).cloned()
    }

    /// Returns the one that was made the default, or the only primary, or `core`.
    pub(super) fn default_slot(&self) -> Option<Arc<Slot>> {
        let names = self.read();
        if let Some(name) = &names.default {
            return names.slots.get(name).cloned();
        }
        let primaries = names.slots.values();
        let mut primaries = primaries.filter(|slot| slot.replica().is_none());
        let only = match (primaries.next(), primaries.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        only.or_else(|| names.slots.get("core")).cloned()
    }

    pub(super) fn make_default(&self, name: &str) {
        self.write().default = Some(name.to_owned());
    }

    /// Returns the slot of this name, made if need be.
    pub(super) fn slot(
        &self,
        config: DatabaseConfig,
        bus: &Bus,
        tasks: &Tasks,
        alarm: &Alarm,
    ) -> Arc<Slot> {
        let mut names = self.write();
        let of = config.replica_of.as_ref();
        let primary = of.and_then(|of| names.slots.get(&of.primary)).cloned();
        let slot = match names.slots.entry(config.name.clone()) {
            Entry::Occupied(taken) => taken.into_mut(),
            Entry::Vacant(free) => {
                let (bus, tasks) = (bus.clone(), tasks.clone());
                free.insert(Slot::new(
                    config,
                    bus,
                    tasks,
                    alarm.clone(),
                    primary.as_ref(),
                ))
            }
        };
        Arc::clone(slot)
    }

    /// Forgets all slots and returns them.
    pub(super) fn take_all(&self) -> BTreeMap<String, Arc<Slot>> {
        std::mem::take(&mut *self.write()).slots
    }

    fn read(&self) -> parking_lot::RwLockReadGuard<'_, Names> {
        self.0.read()
    }

    fn write(&self) -> parking_lot::RwLockWriteGuard<'_, Names> {
        self.0.write()
    }
}
