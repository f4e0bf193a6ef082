//! The replicas of one primary.

use super::read_replica::ReadReplica;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The replicas of one primary. Reads go in turn to those that may serve.
#[derive(Default)]
pub(crate) struct Replicas {
    all: RwLock<Vec<Arc<ReadReplica>>>,
    turn: AtomicUsize,
}

impl Replicas {
    pub(crate) fn add(&self, replica: &Arc<ReadReplica>) {
        let mut all = self.all.write();
        all.push(Arc::clone(replica));
    }

    /// Returns the next replica that may serve reads of this epoch. `epoch` is called only if there
    /// are replicas.
    pub(crate) fn pick(&self, epoch: impl FnOnce() -> String) -> Option<Arc<ReadReplica>> {
        let all = self.all.read();
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
