//! The one place that spawns tasks: each has a name and an owner, can be cancelled and is awaited.
//!
//! Cancelling a task drops its future at the next await. [`Tasks::stop`] waits until the list of
//! live tasks is empty.

mod busy;
mod info;
mod kinds;
mod record;
mod supervised;

pub use busy::HeldThread;
pub use info::{TaskInfo, TaskState};

use busy::Busy;
use record::{TaskList, TaskRecord};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use supervised::Supervised;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A cheap handle to the process's tasks.
#[derive(Clone)]
pub struct Tasks {
    list: Arc<TaskList>,
    stop: CancellationToken,
    /// Where its tasks run, and how long; `None` for the runtime that spawns them.
    elsewhere: Option<(Handle, Arc<Busy>)>,
}

/// A handle to one task. Dropping it leaves the task running.
pub struct Task {
    record: Arc<TaskRecord>,
    handle: Option<JoinHandle<()>>,
}

impl Task {
    /// Cancels the task: its future is dropped at the next await.
    pub fn cancel(&self) {
        self.record.cancel();
    }

    /// Returns the owner of the task.
    pub(crate) fn owner(&self) -> &'static str {
        self.record.owner()
    }

    /// Whether the task has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until the task has ended.
    pub async fn ended(mut self) {
        self.wait().await;
    }

    /// Like [`Self::ended`], but keeps the handle so that the task can still be cancelled.
    /// Cancel-safe.
    pub(crate) async fn wait(&mut self) {
        if let Some(handle) = &mut self.handle {
            // An error means that it was cancelled; panics are caught and logged inside.
            let _ = handle.await;
            self.handle = None;
        }
    }
}

impl Tasks {
    /// Creates an empty list. `stop` is the shutdown signal, cancelled when an essential task ends.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            list: Arc::new(TaskList::new()),
            stop,
            elsewhere: None,
        }
    }

    /// Returns a handle to the same list and shutdown signal whose tasks run on another runtime.
    ///
    /// Tasks there may block or loop: that delays the others on that runtime, and nothing else. A stop
    /// cancels them like all tasks and names those that do not end. Whoever owns the runtime ends it
    /// with [`tokio::runtime::Runtime::shutdown_background`], since dropping it would wait for threads
    /// that are blocked. Once it has ended, new tasks are dropped at once.
    #[must_use]
    pub fn on(&self, runtime: Handle) -> Tasks {
        Self {
            elsewhere: Some((runtime, Busy::new())),
            ..self.clone()
        }
    }

    /// Does this work and counts its time like that of a task: for work that a task of this handle has
    /// moved to a thread of its own.
    pub async fn counted<T>(
        self,
        owner: &'static str,
        name: impl Into<Cow<'static, str>>,
        work: impl Future<Output = T>,
    ) -> T {
        match &self.elsewhere {
            Some((_, busy)) => busy.measure(owner, name.into(), work).await,
            None => work.await,
        }
    }

    /// Whether its tasks run on a runtime that was named, and not on that of the caller.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// Returns all live tasks, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<TaskInfo> {
        self.list.infos()
    }

    /// Returns the number of restarts and of failed periodic runs so far, by owner. Includes tasks
    /// that have ended.
    #[must_use]
    pub fn restarts(&self) -> BTreeMap<&'static str, u64> {
        self.list.restarts()
    }

    /// Returns how much time the tasks of this handle have taken so far, by owner; nothing unless it is one
    /// of [`Tasks::on`].
    #[must_use]
    pub fn busy(&self) -> BTreeMap<&'static str, Duration> {
        let elsewhere = self.elsewhere.as_ref();
        elsewhere.map(|(_, busy)| busy.spent()).unwrap_or_default()
    }

    /// Returns the tasks of this handle that have been running for longer than this without a pause;
    /// none unless it is one of [`Tasks::on`].
    #[must_use]
    pub fn holding(&self, longer_than: Duration) -> Vec<HeldThread> {
        let elsewhere = self.elsewhere.as_ref();
        elsewhere
            .map(|(_, busy)| busy.holding(longer_than))
            .unwrap_or_default()
    }

    /// Cancels periodic tasks, and delayed ones that have not begun: the first step of a graceful
    /// stop.
    pub fn stop_timers(&self) {
        self.list
            .all()
            .iter()
            .filter(|record| record.is_timer())
            .for_each(|timer| timer.cancel());
    }

    /// Cancels all tasks, waits at most `within`, and returns the names of those that did not end.
    /// Tasks spawned from now on are dropped at once.
    pub async fn stop(&self, within: Duration) -> Vec<String> {
        self.list.close().iter().for_each(|record| record.cancel());
        // Tasks that are left are named below.
        let _ = tokio::time::timeout(within, self.list.emptied()).await;
        self.list
            .all()
            .iter()
            .map(|record| record.full_name())
            .collect()
    }

    /// Returns the shutdown signal.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Spawns the future that `work` returns for the task's record.
    fn spawn<F>(
        &self,
        owner: &'static str,
        name: Cow<'static, str>,
        timer: bool,
        work: impl FnOnce(Arc<TaskRecord>) -> F,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let record = Arc::new(TaskRecord::new(owner, name, timer));
        let Some(entry) = self.list.enter(&record) else {
            tracing::debug!(owner, name = %record.name(), "dropped a new task: the process is stopping");
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
        let handle = match &self.elsewhere {
            Some((runtime, busy)) => {
                runtime.spawn(busy.measure(owner, record.owned_name(), supervised))
            }
            None => tokio::spawn(supervised),
        };
        record.set_abort_handle(handle.abort_handle());
        Task {
            record,
            handle: Some(handle),
        }
    }
}
