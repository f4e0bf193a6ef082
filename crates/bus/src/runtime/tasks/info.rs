//! Task information for the operator.

use std::borrow::Cow;
use std::time::Duration;

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// Not waiting for a timer or a restart; it may wait for anything else.
    Running,
    /// Waiting for its next period, its delay or its restart.
    Waiting,
    /// Cancelled but not ended yet.
    Stopping,
}

/// One live task.
#[derive(Debug, Clone)]
pub struct TaskInfo {
    /// What it does, for people.
    pub name: Cow<'static, str>,
    /// The crate it belongs to.
    pub owner: &'static str,
    /// Time since it was spawned.
    pub age: Duration,
    /// What it is doing now.
    pub state: TaskState,
    /// Restarts so far; for a periodic task, failed runs.
    pub restarts: u64,
    /// The error of its last failed run.
    pub last_error: Option<String>,
}
