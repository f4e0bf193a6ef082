//! The one place that spawns: every task has a name, an owner, a cancel token and is awaited.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The process's tasks. A cheap handle.
#[derive(Clone)]
pub struct Tasks {
    _private: (),
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Running.
    Running,
    /// Waiting for its next turn, delay or restart.
    Waiting,
    /// Cancelled and not yet ended.
    Stopping,
}

/// One line of the live list.
#[derive(Debug, Clone)]
pub struct TaskInfo {
    /// What it does.
    pub name: Cow<'static, str>,
    /// The crate that it works for.
    pub owner: &'static str,
    /// How long it has been there.
    pub age: Duration,
    /// How it stands.
    pub state: TaskState,
    /// How often it was restarted.
    pub restarts: u64,
    /// Why it ended last time.
    pub last_error: Option<String>,
}

/// A handle on one task. Dropping it leaves the task running.
pub struct Task {
    _private: (),
}

impl Task {
    /// Asks it to end: its token is cancelled, and its future dropped at the next await.
    pub fn cancel(&self) {
        unimplemented!()
    }
    /// Waits until it has ended.
    pub async fn ended(self) {
        unimplemented!()
    }
}

impl Tasks {
    /// No tasks yet. `stop` is the shutdown's signal: cancelled when an essential task dies.
    #[must_use]
    pub fn new(_stop: CancellationToken) -> Self {
        unimplemented!()
    }
    /// A task that ends by itself; a panic is logged once and nothing else happens.
    pub fn once<F>(
        &self,
        _owner: &'static str,
        _name: impl Into<Cow<'static, str>>,
        _work: F,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        unimplemented!()
    }
    /// A task without which the server must not go on: its end or panic starts the shutdown.
    pub fn essential<F>(
        &self,
        _owner: &'static str,
        _name: impl Into<Cow<'static, str>>,
        _work: F,
    ) -> Task
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        unimplemented!()
    }
    /// A task that is made again, with back-off, when it fails or panics.
    pub fn restarting<M, F>(
        &self,
        _owner: &'static str,
        _name: impl Into<Cow<'static, str>>,
        _make: M,
    ) -> Task
    where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        unimplemented!()
    }
    /// Calls `make` every `every` ± `jitter` (a share, 0.0 to 1.0); one call at a time. A failed
    /// call is logged and counted; the next comes all the same.
    pub fn periodic<M, F>(
        &self,
        _owner: &'static str,
        _name: impl Into<Cow<'static, str>>,
        _every: Duration,
        _jitter: f64,
        _make: M,
    ) -> Task
    where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        unimplemented!()
    }
    /// A task that begins after a delay, unless it was cancelled before.
    pub fn delayed<F>(
        &self,
        _owner: &'static str,
        _name: impl Into<Cow<'static, str>>,
        _after: Duration,
        _work: F,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        unimplemented!()
    }
    /// The live list, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<TaskInfo> {
        unimplemented!()
    }
    /// Cancels the periodic and delayed ones: the first step of a graceful stop.
    pub fn stop_timers(&self) {
        unimplemented!()
    }
    /// Cancels all, waits at most `within`, and returns the names of those that did not end.
    pub async fn stop(&self, _within: Duration) -> Vec<String> {
        unimplemented!()
    }
    /// The shutdown's signal.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        unimplemented!()
    }
}
