//! Concurrent answers: reads, and everything that hashes a password.

mod accounts;
mod error;
mod profiles;
mod upgrade;

use crate::api::{
    Authenticate, Caller, ListSessions, Refusal, SessionId, SessionSummary, SessionsPage,
};
use crate::deps::Deps;
use crate::hasher::Hasher;
use crate::secret::TokenHash;
use crate::store::{sessions, user_sessions};
use bus::{AskError, Reads, TraceId};
use error::{QueryError, into_answer};
use futures_util::FutureExt as _;

/// Answers requests concurrently, outside the subscriber's queue.
pub struct Queries {
    deps: Deps,
    hasher: Hasher,
}

impl Queries {
    /// Creates the answerer, with its own hashing threads.
    #[must_use]
    pub fn new(deps: &Deps) -> Self {
        let settings = &deps.settings;
        let hasher = Hasher::new(settings.hashes_at_once, settings.hashes_waiting);
        Self {
            deps: deps.clone(),
            hasher,
        }
    }

    /// Returns how many passwords were checked against a hash.
    #[cfg(test)]
    pub(crate) fn verified(&self) -> usize {
        self.hasher.verified()
    }

    async fn authenticate(&self, request: Authenticate) -> Result<Caller, QueryError> {
        let hash = TokenHash::of(&request.token);
        let found = self
            .deps
            .database
            .read("sessions.authenticate", move |reader| {
                async move { sessions::by_token(reader, &[hash]).await }.boxed()
            });
        let live = found.await?.pop().ok_or(Refusal::TokenInvalid)?;
        if live.is_expired(self.deps.clock.wall_ms()) {
            return Err(Refusal::TokenExpired.into());
        }
        self.deps.seen.note(live.session.id, live.user.id);
        Ok(live.caller())
    }

    async fn list(&self, request: ListSessions) -> Result<SessionsPage, QueryError> {
        let ListSessions {
            caller,
            after,
            limit,
        } = request;
        let after: Option<SessionId> = match after {
            Some(after) => Some(after.parse().map_err(|_| NO_SUCH_PAGE)?),
            None => None,
        };
        let user = caller.user.id;
        // Reads one more than requested, to know whether there are more.
        let max = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let found = self.deps.database.read("sessions.list", move |reader| {
            async move { user_sessions::page(reader, user, after, max).await }.boxed()
        });
        let mut rows = found.await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| last.id);
        let now = self.deps.clock.wall_ms();
        let sessions = rows.into_iter().map(|session| SessionSummary {
            session: session.id,
            device: session.device,
            created_at: session.created_at,
            seen_at: session.connected_at.map_or(session.seen_at, |_| now),
            online: session.connected_at.is_some(),
            current: session.id == caller.session,
        });
        let sessions = sessions.collect();
        Ok(SessionsPage { sessions, next })
    }
}

/// The refusal for an invalid `after`.
const NO_SUCH_PAGE: Refusal = Refusal::BadRequest {
    field: "after",
    expected: "must be the `next` of another page",
};

impl Reads<Authenticate> for Queries {
    async fn read(
        &self,
        request: Authenticate,
        _trace: TraceId,
    ) -> Result<Result<Caller, Refusal>, AskError> {
        into_answer(self.authenticate(request).await)
    }
}

impl Reads<ListSessions> for Queries {
    async fn read(
        &self,
        request: ListSessions,
        _trace: TraceId,
    ) -> Result<Result<SessionsPage, Refusal>, AskError> {
        into_answer(self.list(request).await)
    }
}
