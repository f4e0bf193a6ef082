//! What a database last suffered from.

use diesel::ConnectionResult;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

/// The last thing that went wrong, since bb8 tells its callers only that time was up.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    pub(crate) fn note(&self, what: &dyn Display) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_string());
    }

    pub(crate) fn last(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All is well again.
    pub(crate) fn over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
