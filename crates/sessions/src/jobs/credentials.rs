//! The id and token of a new session.

use crate::api::{SessionId, Token, UserId};
use crate::random::{self, Random};
use crate::secret::TokenHash;
use crate::store::sessions::NewSession;

/// The id and token of a new session. Created before the job, since a job may run more than once.
pub(crate) struct SessionCredentials {
    pub(crate) id: SessionId,
    pub(crate) token: Token,
}

/// The other properties of a new session.
pub(crate) struct SessionStart<'a> {
    pub(crate) user: UserId,
    pub(crate) device: Option<&'a str>,
    pub(crate) now: i64,
    pub(crate) expires_at: Option<i64>,
    /// Whether it starts with an open connection.
    pub(crate) connected: bool,
}

impl SessionCredentials {
    pub(crate) fn new(random: &dyn Random, now: i64) -> Self {
        Self {
            id: random::session_id(random, now),
            token: random::token(random),
        }
    }

    /// Returns the row to store.
    pub(crate) fn row<'a>(&self, start: &SessionStart<'a>) -> NewSession<'a> {
        let &SessionStart {
            user,
            device,
            now,
            expires_at,
            connected,
        } = start;
        NewSession {
            id: self.id,
            user_id: user,
            token_hash: TokenHash::of(&self.token).0.to_vec(),
            device,
            created_at: now,
            seen_at: now,
            expires_at,
            connected_at: connected.then_some(now),
        }
    }
}
