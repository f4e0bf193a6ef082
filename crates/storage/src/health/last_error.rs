//! What a database suffers from, and last suffered from.

use super::refusals::Refusals;
use super::state::StateTracker;
use crate::StorageError;
use bus::TraceId;
use diesel::ConnectionResult;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// What went wrong, since bb8 tells its callers only that time was up. Never holds a password: the
/// errors of neither driver show the URL.
pub(crate) struct LastError {
    state_tracker: Arc<StateTracker>,
    /// Whether there is any now: all is well again far more often than not.
    hurts: AtomicBool,
    now: Mutex<Option<String>>,
    last: Mutex<Option<(String, Instant)>>,
    refusals: Refusals,
}

impl LastError {
    pub(crate) fn none(state_tracker: &Arc<StateTracker>) -> Self {
        Self {
            state_tracker: Arc::clone(state_tracker),
            hurts: AtomicBool::new(false),
            now: Mutex::default(),
            last: Mutex::default(),
            refusals: Refusals::default(),
        }
    }

    pub(crate) fn note(&self, what: &dyn Display) {
        let text = what.to_string();
        *locked(&self.last) = Some((text.clone(), Instant::now()));
        *locked(&self.now) = Some(text);
        self.hurts.store(true, Ordering::Release);
        self.state_tracker.request_probe();
    }

    /// What is wrong now.
    pub(crate) fn now(&self) -> Option<String> {
        locked(&self.now).clone()
    }

    /// What was last wrong, and when.
    pub(crate) fn last(&self) -> Option<(String, Instant)> {
        locked(&self.last).clone()
    }

    /// A caller was told this, under its trace: the log says why.
    pub(crate) fn refused(&self, error: &StorageError, trace: Option<TraceId>) {
        match error {
            StorageError::Unavailable {
                database, cause, ..
            } => self.refusals.note(database, cause, trace),
            StorageError::Saturated { database, .. } => {
                self.refusals.note(database, &error.to_string(), trace);
            }
            // Said where it happened, or no last_error.
            StorageError::OutcomeUnknown { .. }
            | StorageError::Failed { .. }
            | StorageError::Closed { .. } => {}
        }
    }

    /// What the log has yet to say of them.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Something has gone well.
    pub(crate) fn over(&self) {
        if self.hurts.load(Ordering::Relaxed) && self.hurts.swap(false, Ordering::AcqRel) {
            *locked(&self.now) = None;
            self.state_tracker.request_probe();
        }
    }

    /// Notes why connecting failed, or that it is over.
    pub(crate) fn noted<C>(&self, connected: ConnectionResult<C>) -> ConnectionResult<C> {
        match &connected {
            Ok(_) => self.over(),
            Err(error) => self.note(error),
        }
        connected
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
