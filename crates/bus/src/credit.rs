//! The credits at the edge: what enters from outside takes one, and all that comes of it rides on
//! that one. The inside never waits, so it cannot deadlock; the queue forms outside.

use smallvec::SmallVec;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// The edge of the bus, where newcomers wait.
pub(crate) struct Edge {
    free: Semaphore,
    total: usize,
    /// Rung whenever the bus may have become quiet.
    stirred: Notify,
}

impl Edge {
    pub(crate) fn new(total: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Semaphore::new(total),
            total,
            stirred: Notify::new(),
        })
    }

    /// Waits, in turn, for a free credit. Cancel-safe.
    pub(crate) async fn enter(self: &Arc<Self>) -> Credits {
        // A free one is taken at once: `acquire` yields to tokio's budget after 128 in one poll, and
        // then those that a task polls together would enter out of order.
        let permit = match self.free.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.free.acquire().await.expect("the edge is never closed"),
        };
        permit.forget();
        Credits(Some(Arc::new(Held::One(Credit {
            edge: Arc::clone(self),
        }))))
    }

    pub(crate) fn free(&self) -> usize {
        self.free.available_permits()
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn all_home(&self) -> bool {
        self.free() == self.total
    }

    /// Lets whoever waits for quiet look again.
    pub(crate) fn stir(&self) {
        self.stirred.notify_waiters();
    }

    /// Resolves once `quiet` holds; looks whenever something stirred.
    pub(crate) async fn until(&self, quiet: impl Fn() -> bool) {
        loop {
            let mut stirred = std::pin::pin!(self.stirred.notified());
            stirred.as_mut().enable();
            if quiet() {
                return;
            }
            stirred.await;
        }
    }
}

/// What an origin holds: usually one credit, none for isolated subscribers, several after a merge.
/// A clone costs one counter, however many they are; they go home with the last clone.
#[derive(Clone, Default)]
pub(crate) struct Credits(Option<Arc<Held>>);

impl Credits {
    /// On none: for whoever must stall nobody.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// All of them as one.
    pub(crate) fn merged(all: impl IntoIterator<Item = Credits>) -> Self {
        let mut held: SmallVec<[Arc<Held>; 8]> = all.into_iter().filter_map(|one| one.0).collect();
        // Several facts of one command ride on the same credit.
        held.dedup_by(|a, b| Arc::ptr_eq(a, b));
        if held.len() > 1 {
            return Self(Some(Arc::new(Held::Several(held.into_vec()))));
        }
        Self(held.pop())
    }
}

/// One credit, or several that stay out together.
enum Held {
    One(#[expect(dead_code, reason = "held for its drop")] Credit),
    Several(#[expect(dead_code, reason = "held for their drop")] Vec<Arc<Held>>),
}

/// One credit. Goes home when dropped.
struct Credit {
    edge: Arc<Edge>,
}

impl Drop for Credit {
    fn drop(&mut self) {
        self.edge.free.add_permits(1);
        if self.edge.all_home() {
            self.edge.stir();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_free_credit_is_taken_at_once_however_many_one_task_takes() {
        let edge = Edge::new(300);
        let taken: Vec<_> = (0..300).map(|_| edge.enter().now_or_never()).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(edge.enter().now_or_never().is_none());
    }
}
