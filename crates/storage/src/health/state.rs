//! The state of a database, and its changes.

use bus::Event;
use parking_lot::Mutex;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

/// The state of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseState {
    /// Being opened, for the first time or again.
    Connecting,
    /// It answers in time, and can be written.
    Connected,
    /// It answers, but callers wait long for a connection, or nothing can be written.
    Degraded,
    /// It does not answer, or could not be opened; it is tried again.
    Lost,
    /// It was not opened, or was closed on purpose.
    Closed,
}

impl DatabaseState {
    /// Returns the state as one word.
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

/// The state of a database has changed. Published once per change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseChanged {
    /// The name of the database.
    pub database: String,
    /// The state before.
    pub was: DatabaseState,
    /// The state now.
    pub is: DatabaseState,
    /// Why, if the database is not well.
    pub cause: Option<String>,
}

impl Event for DatabaseChanged {
    const NAME: &'static str = "storage.database_changed";
}

impl DatabaseChanged {
    /// Returns one word for the change: the new state, or `recovered` if it was not well before.
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

/// Most changes that wait for the bus. One that finds no place is logged, and so is the fact that
/// it was not published.
const CHANGES_MAX: usize = 64;

/// The current state of one database. Logs and queues each change once.
pub(crate) struct StateTracker {
    database: String,
    now: Mutex<CurrentState>,
    changes: mpsc::Sender<DatabaseChanged>,
    /// Notified when a change is suspected: the probe runs at once.
    probe_wanted: Notify,
}

struct CurrentState {
    state: DatabaseState,
    cause: Option<String>,
}

impl StateTracker {
    /// Returns the tracker of a closed database, and the receiver of its changes.
    pub(crate) fn new(database: &str) -> (Self, mpsc::Receiver<DatabaseChanged>) {
        let (changes, received) = mpsc::channel(CHANGES_MAX);
        let state_tracker = Self {
            database: database.to_owned(),
            now: Mutex::new(CurrentState {
                state: DatabaseState::Closed,
                cause: None,
            }),
            changes,
            probe_wanted: Notify::new(),
        };
        (state_tracker, received)
    }

    pub(crate) fn state(&self) -> DatabaseState {
        self.now().state
    }

    /// Returns why the database is not well.
    pub(crate) fn cause(&self) -> Option<String> {
        self.now().cause.clone()
    }

    /// Sets a state without a cause: well, or being opened or closed.
    pub(crate) fn set(&self, state: DatabaseState) {
        self.changes_to(state, None);
    }

    /// Sets a state that is not well, and its cause.
    pub(crate) fn set_unwell(&self, state: DatabaseState, cause: String) {
        self.changes_to(state, Some(cause));
    }

    /// Requests a probe.
    pub(crate) fn request_probe(&self) {
        self.probe_wanted.notify_one();
    }

    /// Waits until a probe is requested.
    pub(crate) async fn probe_requested(&self) {
        self.probe_wanted.notified().await;
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
            tracing::warn!(%database, change = word, "could not publish a state change: the queue is full");
        }
    }

    fn now(&self) -> parking_lot::MutexGuard<'_, CurrentState> {
        self.now.lock()
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
        let (state_tracker, mut received) = StateTracker::new("core");
        state_tracker.set(DatabaseState::Connecting);
        state_tracker.set_unwell(DatabaseState::Lost, "refused".into());
        state_tracker.set_unwell(DatabaseState::Lost, "silent".into());
        assert_eq!(state_tracker.cause().as_deref(), Some("silent"));
        state_tracker.set(DatabaseState::Connected);
        state_tracker.set(DatabaseState::Connected);
        state_tracker.set(DatabaseState::Closed);
        let mut words = Vec::new();
        while let Ok(change) = received.try_recv() {
            words.push(change.word());
        }
        assert_eq!(words, ["connecting", "lost", "recovered", "closed"]);
        assert_eq!(state_tracker.cause(), None);
    }
}
