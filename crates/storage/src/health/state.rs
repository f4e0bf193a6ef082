//! How a database is, and who is told when that changes.

use bus::Event;
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

/// How a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseState {
    /// Being opened, for the first time or again.
    Connecting,
    /// Answers.
    Connected,
    /// Answers, but callers wait long for a connection, or nothing can be written.
    Degraded,
    /// Does not answer, or could not be opened; it is tried again.
    Lost,
    /// Not opened, or closed on purpose.
    Closed,
}

impl DatabaseState {
    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::Lost => "lost",
            Self::Closed => "closed",
        }
    }
}

/// A database is another way than before. Stated once per change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseChanged {
    /// Which.
    pub database: String,
    /// How it was.
    pub was: DatabaseState,
    /// How it is.
    pub is: DatabaseState,
    /// Why, if it is not well.
    pub cause: Option<String>,
}

impl Event for DatabaseChanged {
    const NAME: &'static str = "storage.database_changed";
}

impl DatabaseChanged {
    /// One word for the change: that of what it is now, or `recovered` when it was ill.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.was, self.is) {
            (DatabaseState::Lost | DatabaseState::Degraded, DatabaseState::Connected) => {
                "recovered"
            }
            (_, is) => is.name(),
        }
    }
}

/// Most changes that wait for the bus. One that finds no room is in the log, and so is that it was
/// not stated.
const CHANGES_MAX: usize = 64;

/// How one database is now; states and logs each change once.
pub(crate) struct StateTracker {
    database: String,
    now: Mutex<CurrentState>,
    changes: mpsc::Sender<DatabaseChanged>,
    /// Rung by whoever suspects a change: the probe looks at once.
    bell: Notify,
}

struct CurrentState {
    state: DatabaseState,
    cause: Option<String>,
}

impl StateTracker {
    /// Closed so far. The receiver gets every change.
    pub(crate) fn new(database: &str) -> (Self, mpsc::Receiver<DatabaseChanged>) {
        let (changes, told) = mpsc::channel(CHANGES_MAX);
        let state_tracker = Self {
            database: database.to_owned(),
            now: Mutex::new(CurrentState {
                state: DatabaseState::Closed,
                cause: None,
            }),
            changes,
            bell: Notify::new(),
        };
        (state_tracker, told)
    }

    pub(crate) fn state(&self) -> DatabaseState {
        self.now().state
    }

    /// Why it is not well.
    pub(crate) fn cause(&self) -> Option<String> {
        self.now().cause.clone()
    }

    /// It is well, or is being opened or closed.
    pub(crate) fn set(&self, state: DatabaseState) {
        self.changes_to(state, None);
    }

    /// It is not well.
    pub(crate) fn set_unwell(&self, state: DatabaseState, cause: String) {
        self.changes_to(state, Some(cause));
    }

    /// Asks the probe to look.
    pub(crate) fn request_probe(&self) {
        self.bell.notify_one();
    }

    /// Waits until someone rings.
    pub(crate) async fn probe_requested(&self) {
        self.bell.notified().await;
    }

    fn changes_to(&self, is: DatabaseState, cause: Option<String>) {
        let was = {
            let mut now = self.now();
            now.cause.clone_from(&cause);
            std::mem::replace(&mut now.state, is)
        };
        if was == is {
            return;
        }
        let change = DatabaseChanged {
            database: self.database.clone(),
            was,
            is,
            cause,
        };
        log(&change);
        // Full only while the bus has been stuck for dozens of changes; closed at the end.
        if let Err(TrySendError::Full(change)) = self.changes.try_send(change) {
            let (database, word) = (&change.database, change.word());
            tracing::warn!(%database, change = word, "the bus is not told of this change");
        }
    }

    fn now(&self) -> std::sync::MutexGuard<'_, CurrentState> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(change: &DatabaseChanged) {
    let (database, word) = (&change.database, change.word());
    if let Some(cause) = &change.cause {
        tracing::warn!(%database, %cause, "a database is {word}");
    } else {
        tracing::info!(%database, "a database is {word}");
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseState, StateTracker};

    #[test]
    fn a_change_is_told_once_and_a_recovery_is_called_so() {
        let (state_tracker, mut told) = StateTracker::new("core");
        state_tracker.set(DatabaseState::Connecting);
        state_tracker.set_unwell(DatabaseState::Lost, "refused".into());
        state_tracker.set_unwell(DatabaseState::Lost, "silent".into());
        assert_eq!(state_tracker.cause().as_deref(), Some("silent"));
        state_tracker.set(DatabaseState::Connected);
        state_tracker.set(DatabaseState::Connected);
        state_tracker.set(DatabaseState::Closed);
        let mut words = Vec::new();
        while let Ok(change) = told.try_recv() {
            words.push(change.word());
        }
        assert_eq!(words, ["connecting", "lost", "recovered", "closed"]);
        assert_eq!(state_tracker.cause(), None);
    }
}
