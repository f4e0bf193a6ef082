//! A session about to be made.

use crate::api::{SessionId, Token, UserId};
use crate::random::{self, Random};
use crate::secret::TokenHash;
use crate::store::sessions::{self, NewSession};
use storage::prelude::*;

/// The id and the token of a session, made before the job, which may run more than once.
pub(crate) struct Fresh {
    pub(crate) id: SessionId,
    pub(crate) token: Token,
}

/// How a session begins.
pub(crate) struct Beginning<'a> {
    pub(crate) user: UserId,
    pub(crate) device: Option<&'a str>,
    pub(crate) now: i64,
    pub(crate) expires_at: Option<i64>,
    /// It begins with an open connection.
    pub(crate) connected: bool,
}

impl Fresh {
    pub(crate) fn new(random: &dyn Random, now: i64) -> Self {
        Self {
            id: random::session_id(random, now),
            token: random::token(random),
        }
    }

    /// Stores it.
    pub(crate) async fn begin(
        &self,
        tx: &mut Writer<'_>,
        beginning: Beginning<'_>,
    ) -> Result<(), Fault> {
        let Beginning {
            user,
            device,
            now,
            expires_at,
            connected,
        } = beginning;
        let hash = TokenHash::of(&self.token);
        let session = NewSession {
            id: self.id,
            user_id: user,
            token_hash: &hash.0,
            device,
            created_at: now,
            seen_at: now,
            expires_at,
            connected_at: connected.then_some(now),
        };
        sessions::insert(tx, &session).await
    }
}
