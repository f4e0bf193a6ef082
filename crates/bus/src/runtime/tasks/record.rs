//! The list of live tasks and their records.

use super::info::{TaskInfo, TaskState};
use parking_lot::{Mutex, MutexGuard};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// What is known of one task. Kept small: there is one per connection.
pub(super) struct TaskRecord {
    name: Cow<'static, str>,
    owner: &'static str,
    since: Instant,
    timer: AtomicBool,
    waiting: AtomicBool,
    abort: Mutex<Abort>,
    /// Created at the first failure: most tasks have none.
    failures: OnceLock<Box<Failures>>,
}

/// How to cancel a task. The handle arrives after spawning, when the task may already run.
enum Abort {
    NotYet,
    With(AbortHandle),
    Done,
}

#[derive(Default)]
struct Failures {
    restarts: AtomicU64,
    last: Mutex<String>,
}

impl Failures {
    fn last(&self) -> MutexGuard<'_, String> {
        self.last.lock()
    }
}

impl TaskRecord {
    pub(super) fn new(owner: &'static str, name: Cow<'static, str>, timer: bool) -> Self {
        Self {
            name,
            owner,
            since: Instant::now(),
            timer: AtomicBool::new(timer),
            waiting: AtomicBool::new(timer),
            abort: Mutex::new(Abort::NotYet),
            failures: OnceLock::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn owned_name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    pub(super) fn owner(&self) -> &'static str {
        self.owner
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}: {}", self.owner, self.name)
    }

    pub(super) fn is_timer(&self) -> bool {
        self.timer.load(Relaxed)
    }

    /// Makes a delayed task that has begun an ordinary one.
    pub(super) fn clear_timer(&self) {
        self.timer.store(false, Relaxed);
    }

    pub(super) fn set_waiting(&self) {
        self.waiting.store(true, Relaxed);
    }

    pub(super) fn set_running(&self) {
        self.waiting.store(false, Relaxed);
    }

    pub(super) fn record_failure(&self, error: &str) {
        let failures = self.failures.get_or_init(Box::default);
        error.clone_into(&mut failures.last.lock());
    }

    pub(super) fn count_restart(&self) {
        self.failures
            .get_or_init(Box::default)
            .restarts
            .fetch_add(1, Relaxed);
    }

    /// Stores the handle; cancels the task at once if [`Self::cancel`] was called before.
    pub(super) fn set_abort_handle(&self, handle: AbortHandle) {
        let mut abort = self.abort();
        match *abort {
            Abort::Done => handle.abort(),
            Abort::NotYet | Abort::With(_) => *abort = Abort::With(handle),
        }
    }

    pub(super) fn cancel(&self) {
        let abort = std::mem::replace(&mut *self.abort(), Abort::Done);
        if let Abort::With(handle) = abort {
            handle.abort();
        }
    }

    fn abort(&self) -> MutexGuard<'_, Abort> {
        self.abort.lock()
    }

    fn restarts(&self) -> u64 {
        let failures = self.failures.get();
        failures.map_or(0, |failures| failures.restarts.load(Relaxed))
    }

    fn info(&self) -> TaskInfo {
        let failures = self.failures.get();
        TaskInfo {
            name: self.name.clone(),
            owner: self.owner,
            age: self.since.elapsed(),
            state: self.state(),
            restarts: self.restarts(),
            last_error: failures.map(|failures| failures.last().clone()),
        }
    }

    fn state(&self) -> TaskState {
        if matches!(*self.abort(), Abort::Done) {
            return TaskState::Stopping;
        }
        if self.waiting.load(Relaxed) {
            TaskState::Waiting
        } else {
            TaskState::Running
        }
    }
}

/// All live tasks, oldest first.
pub(super) struct TaskList {
    entries: Mutex<Entries>,
    emptied: Notify,
}

#[derive(Default)]
struct Entries {
    next: u64,
    closed: bool,
    records: BTreeMap<u64, Arc<TaskRecord>>,
    /// Restarts of tasks that have ended, by owner.
    past_restarts: BTreeMap<&'static str, u64>,
}

impl TaskList {
    pub(super) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            emptied: Notify::new(),
        }
    }

    /// Lists a task until the entry is dropped. Returns `None` after the list has been closed.
    pub(super) fn enter(self: &Arc<Self>, record: &Arc<TaskRecord>) -> Option<Entry> {
        let mut entries = self.entries();
        if entries.closed {
            return None;
        }
        let id = entries.next;
        entries.next += 1;
        entries.records.insert(id, Arc::clone(record));
        Some(Entry {
            list: Arc::clone(self),
            id,
            record: Arc::clone(record),
        })
    }

    pub(super) fn all(&self) -> Vec<Arc<TaskRecord>> {
        self.entries().records.values().cloned().collect()
    }

    pub(super) fn infos(&self) -> Vec<TaskInfo> {
        self.all().iter().map(|record| record.info()).collect()
    }

    /// Returns restarts so far by owner, including those of tasks that have ended.
    pub(super) fn restarts(&self) -> BTreeMap<&'static str, u64> {
        let entries = self.entries();
        let mut restarts = entries.past_restarts.clone();
        for record in entries.records.values() {
            *restarts.entry(record.owner).or_default() += record.restarts();
        }
        restarts
    }

    /// Closes the list to new tasks; returns the live ones.
    pub(super) fn close(&self) -> Vec<Arc<TaskRecord>> {
        self.entries().closed = true;
        self.all()
    }

    /// Resolves when the list is empty.
    pub(super) async fn emptied(&self) {
        loop {
            let mut emptied = std::pin::pin!(self.emptied.notified());
            emptied.as_mut().enable();
            if self.entries().records.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock()
    }
}

/// A task's place in the list, until dropped.
pub(super) struct Entry {
    list: Arc<TaskList>,
    id: u64,
    record: Arc<TaskRecord>,
}

impl Entry {
    pub(super) fn record(&self) -> &TaskRecord {
        &self.record
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut entries = self.list.entries();
        entries.records.remove(&self.id);
        let restarts = self.record.restarts();
        if restarts > 0 {
            *entries.past_restarts.entry(self.record.owner).or_default() += restarts;
        }
        let empty = entries.records.is_empty();
        drop(entries);
        if empty {
            self.list.emptied.notify_waiters();
        }
    }
}
