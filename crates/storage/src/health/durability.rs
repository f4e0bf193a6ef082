//! A database whose word does not count any more.
//!
//! After a failed sync nobody knows which of the written pages the operating system still has: the
//! next sync may succeed without them. Only a new process that reads its log anew may go on. And a
//! file that is no longer at its path takes along whatever is written to it.

use tokio::sync::watch;

/// What was acknowledged may be lost, and nothing more is acknowledged: the process must end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurabilityLost {
    /// Which database.
    pub database: String,
    /// What happened.
    pub cause: String,
    /// What kind of thing that is.
    pub kind: DurabilityLoss,
}

/// Why a database's word does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurabilityLoss {
    /// The operating system failed a write or a sync. The process must end at once and without
    /// closing the database: that would write more and call it safe.
    FailedWrite,
    /// Another file, or none, is at the path of the one that is served.
    FileMoved,
}

/// Raised by pools of critical databases. A cheap handle.
#[derive(Clone)]
pub(crate) struct Alarm(watch::Sender<Option<DurabilityLost>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn raise(&self, durability_lost: DurabilityLost) {
        self.0.send_replace(Some(durability_lost));
    }

    /// What was raised, if anything was.
    pub(crate) fn now(&self) -> Option<DurabilityLost> {
        self.0.borrow().clone()
    }

    /// Waits until it is raised.
    pub(crate) async fn raised(&self) -> DurabilityLost {
        let mut told = self.0.subscribe();
        let raised = told.wait_for(Option::is_some).await;
        let durability_lost = raised.expect("its sender is held here").clone();
        durability_lost.expect("waited for")
    }
}
