//! Credits bound what is on the bus: an item from outside takes one, and all reactions to it share
//! that one. Handlers never wait for a credit, so they cannot deadlock; callers outside queue up.

use smallvec::SmallVec;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// All credits of a bus. Callers from outside wait here for a free one.
pub(crate) struct CreditPool {
    free: Semaphore,
    total: usize,
    /// Notified whenever the bus may have become quiet. All pools of a bus share it.
    changed: Arc<Notify>,
}

impl CreditPool {
    pub(crate) fn new(total: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Semaphore::new(total),
            total,
            changed: Arc::default(),
        })
    }

    /// Creates another pool for the same bus: whoever uses up one of them holds up nobody at the other.
    pub(crate) fn beside(&self, total: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Semaphore::new(total),
            total,
            changed: Arc::clone(&self.changed),
        })
    }

    /// Waits for a free credit, first come, first served. Cancel-safe.
    pub(crate) async fn enter(self: &Arc<Self>) -> Credits {
        // Take a free one at once: `acquire` yields to tokio's budget after 128 in one poll, and
        // then futures that one task polls together would enter out of order.
        let permit = match self.free.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self
                .free
                .acquire()
                .await
                .expect("the semaphore is never closed"),
        };
        permit.forget();
        Credits(Some(Arc::new(Held::One(Credit {
            pool: Arc::clone(self),
        }))))
    }

    pub(crate) fn free(&self) -> usize {
        self.free.available_permits()
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn all_returned(&self) -> bool {
        self.free() == self.total
    }

    /// Makes [`Self::until`] check its condition again.
    pub(crate) fn notify(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until `quiet` returns true; checks it whenever something changed.
    pub(crate) async fn until(&self, quiet: impl Fn() -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if quiet() {
                return;
            }
            changed.await;
        }
    }
}

/// The credits of an origin: usually one, none for isolated subscribers, several after a merge.
/// A clone costs one counter, however many there are; dropping the last clone returns them.
#[derive(Clone, Default)]
pub(crate) struct Credits(Option<Arc<Held>>);

impl Credits {
    /// No credits, for work that must not hold up others.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Combines several into one.
    pub(crate) fn merged(all: impl IntoIterator<Item = Credits>) -> Self {
        let mut held: SmallVec<[Arc<Held>; 8]> = all.into_iter().filter_map(|one| one.0).collect();
        // Several events of one command share a credit.
        held.dedup_by(|a, b| Arc::ptr_eq(a, b));
        if held.len() > 1 {
            return Self(Some(Arc::new(Held::Several(held.into_vec()))));
        }
        Self(held.pop())
    }
}

/// One credit, or several that are returned together.
enum Held {
    One(#[expect(dead_code, reason = "held for its drop")] Credit),
    Several(#[expect(dead_code, reason = "held for their drop")] Vec<Arc<Held>>),
}

/// One credit. Returns to the pool when dropped.
struct Credit {
    pool: Arc<CreditPool>,
}

impl Drop for Credit {
    fn drop(&mut self) {
        self.pool.free.add_permits(1);
        if self.pool.all_returned() {
            self.pool.notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_free_credit_is_taken_at_once_however_many_one_task_takes() {
        let pool = CreditPool::new(300);
        let taken: Vec<_> = (0..300).map(|_| pool.enter().now_or_never()).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(pool.enter().now_or_never().is_none());
    }
}
