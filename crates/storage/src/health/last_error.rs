//! The current and the last error of a database.

use super::refusals::Refusals;
use super::state::StateTracker;
use crate::StorageError;
use bus::TraceId;
use diesel::ConnectionResult;
use parking_lot::Mutex;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::Instant;

/// What went wrong; needed since bb8 reports only time-outs to its callers. Never contains a
/// password: the errors of neither driver show the URL.
pub(crate) struct LastError {
    state_tracker: Arc<StateTracker>,
    /// Whether there is a current error. Checked before the lock: usually there is none.
    has_current: AtomicBool,
    now: Mutex<Option<String>>,
    last: Mutex<Option<(String, Instant)>>,
    refusals: Refusals,
}

impl LastError {
    pub(crate) fn none(state_tracker: &Arc<StateTracker>) -> Self {
        Self {
            state_tracker: Arc::clone(state_tracker),
            has_current: AtomicBool::new(false),
            now: Mutex::default(),
            last: Mutex::default(),
            refusals: Refusals::default(),
        }
    }

    pub(crate) fn note(&self, what: &dyn Display) {
        let text = what.to_string();
        *locked(&self.last) = Some((text.clone(), Instant::now()));
        *locked(&self.now) = Some(text);
        self.has_current.store(true, Ordering::Release);
        self.state_tracker.request_probe();
    }

    /// Returns the current error.
    pub(crate) fn now(&self) -> Option<String> {
        locked(&self.now).clone()
    }

    /// Returns the last error, and when it occurred.
    pub(crate) fn last(&self) -> Option<(String, Instant)> {
        locked(&self.last).clone()
    }

    /// Logs why a caller was refused, under its trace.
    pub(crate) fn refused(&self, error: &StorageError, trace: Option<TraceId>) {
        match error {
            StorageError::Unavailable {
                database, cause, ..
            } => self.refusals.note(database, cause, trace),
            StorageError::Saturated { database, .. } => {
                self.refusals.note(database, &error.to_string(), trace);
            }
            // Logged where it happened, or no error.
            StorageError::OutcomeUnknown { .. }
            | StorageError::Failed { .. }
            | StorageError::Closed { .. } => {}
        }
    }

    /// Returns the refusals, some of which are not logged yet.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Clears the current error: something has succeeded.
    pub(crate) fn clear(&self) {
        if self.has_current.load(Ordering::Relaxed)
            && self.has_current.swap(false, Ordering::AcqRel)
        {
            *locked(&self.now) = None;
            self.state_tracker.request_probe();
        }
    }

    /// Notes why connecting failed, or clears the current error.
    pub(crate) fn noted<C>(&self, connected: ConnectionResult<C>) -> ConnectionResult<C> {
        match &connected {
            Ok(_) => self.clear(),
            Err(error) => self.note(error),
        }
        connected
    }
}

fn locked<T>(mutex: &Mutex<T>) -> parking_lot::MutexGuard<'_, T> {
    mutex.lock()
}
