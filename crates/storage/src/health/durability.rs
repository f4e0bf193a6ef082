//! Databases that may have lost acknowledged writes.
//!
//! After a failed sync nobody knows which of the written pages the operating system still has: the
//! next sync may succeed without them. Only a new process that reads the log again may go on. And
//! writes to a file that is no longer at its path are lost with it.

use tokio::sync::watch;

/// Acknowledged writes may be lost, and the database serves nobody any more: the process must exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurabilityLost {
    /// The name of the database.
    pub database: String,
    /// A sentence about what happened, for the operator.
    pub cause: String,
    /// The kind of loss, which decides how the process must exit.
    pub kind: DurabilityLossKind,
}

/// Why writes may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurabilityLossKind {
    /// The operating system failed a write or a sync. The process must exit at once and without
    /// closing the database: that would write more and report it as safe.
    FailedWrite,
    /// Another file, or none, is at the path of the served one.
    FileMoved,
}

/// The alarm that pools of critical databases raise. A cheap handle.
#[derive(Clone)]
pub(crate) struct Alarm(watch::Sender<Option<DurabilityLost>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn raise(&self, durability_lost: DurabilityLost) {
        self.0.send_replace(Some(durability_lost));
    }

    /// Returns what was raised, if anything was.
    pub(crate) fn now(&self) -> Option<DurabilityLost> {
        self.0.borrow().clone()
    }

    /// Waits until it is raised.
    pub(crate) async fn raised(&self) -> DurabilityLost {
        let mut receiver = self.0.subscribe();
        let raised = receiver.wait_for(Option::is_some).await;
        let durability_lost = raised.expect("the sender is held here").clone();
        durability_lost.expect("waited for")
    }
}
