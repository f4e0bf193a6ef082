//! The replicas of one primary.

use crate::DatabaseState;
use crate::slot::Slot;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// All of them; reads go to those that are well, in turn.
#[derive(Default)]
pub(crate) struct Replicas {
    all: RwLock<Vec<Arc<Slot>>>,
    turn: AtomicUsize,
}

impl Replicas {
    pub(crate) fn add(&self, replica: &Arc<Slot>) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::clone(replica));
    }

    /// One that may be asked now, if there is one: well, not left alone, and of this epoch.
    pub(crate) fn pick(&self, epoch: impl FnOnce() -> String) -> Option<Arc<Slot>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return None;
        }
        let epoch = epoch();
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % all.len();
        let (before, from) = all.split_at(first);
        let mut in_turn = from.iter().chain(before);
        in_turn.find(|replica| replica.may_serve(&epoch)).cloned()
    }
}

impl Slot {
    fn may_serve(&self, epoch: &str) -> bool {
        self.state_tracker().state() == DatabaseState::Connected
            && self
                .mirror()
                .is_some_and(|mirror| mirror.is_of_epoch(epoch) && mirror.rest.may_try())
    }
}
