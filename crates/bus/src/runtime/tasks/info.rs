//! What the operator sees of the tasks.

use std::borrow::Cow;
use std::time::Duration;

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
