//! The credits at the edge: what enters from outside takes one, and all that comes of it rides on
//! that one. The inside never waits, so it cannot deadlock; the queue forms outside.

use smallvec::SmallVec;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// What an origin holds: usually one credit, none for isolated subscribers, several after a merge.
pub(crate) type Credits = SmallVec<[Arc<Credit>; 1]>;

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
        let permit = self.free.acquire().await.expect("the edge is never closed");
        permit.forget();
        let mut credits = Credits::new();
        credits.push(Arc::new(Credit {
            edge: Arc::clone(self),
        }));
        credits
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

/// One credit. Goes home when the last thing that rides on it is dropped.
pub(crate) struct Credit {
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
