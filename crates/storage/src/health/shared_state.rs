//! What is kept about a database while it is opened, closed and opened again.

use super::counters::Counters;
use super::durability::Alarm;
use super::last_error::LastError;
use super::state::{DatabaseChanged, StateTracker};
use super::store_info::StoreInfo;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What outlives an open database: its state, its last error, its counters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedState {
    pub(crate) store_info: Arc<StoreInfo>,
    pub(crate) last_error: Arc<LastError>,
    pub(crate) state_tracker: Arc<StateTracker>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) alarm: Alarm,
}

impl SharedState {
    /// Returns the state of a closed database, and the receiver of its changes.
    pub(crate) fn new(database: &str, alarm: Alarm) -> (Self, mpsc::Receiver<DatabaseChanged>) {
        let (state_tracker, changes) = StateTracker::new(database);
        let state_tracker = Arc::new(state_tracker);
        let shared = Self {
            store_info: Arc::new(StoreInfo::unknown()),
            last_error: Arc::new(LastError::none(&state_tracker)),
            state_tracker,
            counters: Arc::default(),
            alarm,
        };
        (shared, changes)
    }
}
