//! The one place that spawns: every task has a name, an owner, can be cancelled and is awaited.
//!
//! A task is cancelled by dropping its future at the next await. When the last one has gone the
//! list is empty; [`Tasks::stop`] waits for that.

mod info;
mod kinds;
mod record;
mod supervised;

pub use info::{TaskInfo, TaskState};

use record::{List, Record};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use supervised::Supervised;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The process's tasks. A cheap handle.
#[derive(Clone)]
pub struct Tasks {
    list: Arc<List>,
    stop: CancellationToken,
}

/// A handle on one task. Dropping it leaves the task running.
pub struct Task {
    record: Arc<Record>,
    handle: Option<JoinHandle<()>>,
}

impl Task {
    /// Asks it to end: its future is dropped at the next await.
    pub fn cancel(&self) {
        self.record.cancel();
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until it has ended.
    pub async fn ended(mut self) {
        self.wait().await;
    }

    /// The same, when it may have to be cancelled after all.
    pub(crate) async fn wait(&mut self) {
        if let Some(handle) = &mut self.handle {
            // Cancelled or not, it has ended; a panic was logged where it was caught.
            let _ = handle.await;
            self.handle = None;
        }
    }
}

impl Tasks {
    /// No tasks yet. `stop` is the shutdown's signal: cancelled when an essential task dies.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            list: Arc::new(List::new()),
            stop,
        }
    }

    /// The live list, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<TaskInfo> {
        self.list.lines()
    }

    /// How often tasks have failed so far and come back, by owner: restarts, and failed turns of
    /// periodic ones. Counts those that have ended too.
    #[must_use]
    pub fn restarts(&self) -> BTreeMap<&'static str, u64> {
        self.list.restarts()
    }

    /// Cancels the periodic ones, and the delayed ones that have not begun: the first step of a
    /// graceful stop.
    pub fn stop_timers(&self) {
        self.list
            .all()
            .iter()
            .filter(|record| record.is_timer())
            .for_each(|timer| timer.cancel());
    }

    /// Cancels all, waits at most `within`, and returns the names of those that did not end. What
    /// is spawned from now on is dropped at once.
    pub async fn stop(&self, within: Duration) -> Vec<String> {
        self.list.close().iter().for_each(|record| record.cancel());
        // Whoever is left is named below.
        let _ = tokio::time::timeout(within, self.list.emptied()).await;
        self.list
            .all()
            .iter()
            .map(|record| record.full_name())
            .collect()
    }

    /// The shutdown's signal.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Spawns what `work` makes of the task's record.
    fn spawn<F>(
        &self,
        owner: &'static str,
        name: Cow<'static, str>,
        timer: bool,
        work: impl FnOnce(Arc<Record>) -> F,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let record = Arc::new(Record::new(owner, name, timer));
        let Some(entry) = self.list.enter(&record) else {
            tracing::debug!(owner, name = %record.name(), "too late to begin a task");
            return Task {
                record,
                handle: None,
            };
        };
        let supervised = Supervised::new(work(Arc::clone(&record)), entry);
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that spawns"
        )]
        let handle = tokio::spawn(supervised);
        record.spawned(handle.abort_handle());
        Task {
            record,
            handle: Some(handle),
        }
    }
}
