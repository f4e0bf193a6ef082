//! A database whose word does not count any more.
//!
//! After a failed sync nobody knows which of the written pages the operating system still has: the
//! next sync may succeed without them. Only a new process that reads its log anew may go on.

use tokio::sync::watch;

/// The store may have lost what it was told to keep. The process must end, at once and without
/// closing it: closing would write more and call it safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poisoned {
    /// Which database.
    pub database: String,
    /// What happened.
    pub cause: String,
}

/// Raised by pools of critical databases. A cheap handle.
#[derive(Clone)]
pub(crate) struct Alarm(watch::Sender<Option<Poisoned>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn raise(&self, database: &str, cause: String) {
        self.0.send_replace(Some(Poisoned {
            database: database.to_owned(),
            cause,
        }));
    }

    /// Waits until it is raised.
    pub(crate) async fn raised(&self) -> Poisoned {
        let mut told = self.0.subscribe();
        let raised = told.wait_for(Option::is_some).await;
        let poisoned = raised.expect("its sender is held here").clone();
        poisoned.expect("waited for")
    }
}
