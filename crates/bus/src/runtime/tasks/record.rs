//! The live list and its records.

use super::info::{TaskInfo, TaskState};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// What is known of one task. Small: there is one per connection.
pub(super) struct Record {
    name: Cow<'static, str>,
    owner: &'static str,
    since: Instant,
    timer: AtomicBool,
    waiting: AtomicBool,
    abort: Mutex<Abort>,
    /// Made at the first failure: most tasks have none.
    failures: OnceLock<Box<Failures>>,
}

/// How it can be cancelled. The handle comes after the task may have begun.
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
        self.last.lock().expect("nothing panics under this lock")
    }
}

impl Record {
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

    pub(super) fn owner(&self) -> &'static str {
        self.owner
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}: {}", self.owner, self.name)
    }

    pub(super) fn is_timer(&self) -> bool {
        self.timer.load(Relaxed)
    }

    /// A delayed task has begun: it is one like any other now.
    pub(super) fn is_no_timer_any_more(&self) {
        self.timer.store(false, Relaxed);
    }

    pub(super) fn is_waiting(&self) {
        self.waiting.store(true, Relaxed);
    }

    pub(super) fn is_running(&self) {
        self.waiting.store(false, Relaxed);
    }

    pub(super) fn has_failed(&self, why: &str) {
        let failures = self.failures.get_or_init(Box::default);
        why.clone_into(
            &mut failures
                .last
                .lock()
                .expect("nothing panics under this lock"),
        );
    }

    pub(super) fn is_restarted(&self) {
        self.failures
            .get_or_init(Box::default)
            .restarts
            .fetch_add(1, Relaxed);
    }

    /// It has been spawned, and perhaps cancelled before that was known here.
    pub(super) fn spawned(&self, handle: AbortHandle) {
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
        self.abort.lock().expect("nothing panics under this lock")
    }

    fn restarts(&self) -> u64 {
        let failures = self.failures.get();
        failures.map_or(0, |failures| failures.restarts.load(Relaxed))
    }

    fn line(&self) -> TaskInfo {
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

/// All live tasks, in the order of their beginning.
pub(super) struct List {
    entries: Mutex<Entries>,
    emptied: Notify,
}

#[derive(Default)]
struct Entries {
    next: u64,
    closed: bool,
    records: BTreeMap<u64, Arc<Record>>,
    /// Restarts of those that have ended, by owner.
    past_restarts: BTreeMap<&'static str, u64>,
}

impl List {
    pub(super) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            emptied: Notify::new(),
        }
    }

    /// Lists a task until the entry is dropped; `None` after the list has been closed.
    pub(super) fn enter(self: &Arc<Self>, record: &Arc<Record>) -> Option<Entry> {
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

    pub(super) fn all(&self) -> Vec<Arc<Record>> {
        self.entries().records.values().cloned().collect()
    }

    pub(super) fn lines(&self) -> Vec<TaskInfo> {
        self.all().iter().map(|record| record.line()).collect()
    }

    /// Restarts so far by owner, those of tasks that have ended among them.
    pub(super) fn restarts(&self) -> BTreeMap<&'static str, u64> {
        let entries = self.entries();
        let mut restarts = entries.past_restarts.clone();
        for record in entries.records.values() {
            *restarts.entry(record.owner).or_default() += record.restarts();
        }
        restarts
    }

    /// Nothing enters any more; returns who is there.
    pub(super) fn close(&self) -> Vec<Arc<Record>> {
        self.entries().closed = true;
        self.all()
    }

    /// Resolves when nobody is left.
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
        self.entries
            .lock()
            .expect("nothing panics under the list's lock")
    }
}

/// A place in the list.
pub(super) struct Entry {
    list: Arc<List>,
    id: u64,
    record: Arc<Record>,
}

impl Entry {
    pub(super) fn record(&self) -> &Record {
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
