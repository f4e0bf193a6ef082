//! The sessions that were used without a connection, until a timer writes them.

use crate::api::{SessionId, UserId};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Noted by concurrent reads, taken by the timer. At most one entry per session.
#[derive(Default)]
pub(crate) struct SeenSessions(Mutex<HashMap<SessionId, UserId>>);

impl SeenSessions {
    pub(crate) fn note(&self, session: SessionId, user: UserId) {
        self.0.lock().insert(session, user);
    }

    pub(crate) fn take(&self) -> HashMap<SessionId, UserId> {
        std::mem::take(&mut *self.0.lock())
    }
}
