//! Resumes a session by its token.

use super::hello_context::{Authenticated, HelloContext};
use crate::api::{Refusal, SessionId, Token, UserId, Welcome};
use crate::presence::{ConnectionsOpened, OpenedConnection};
use crate::secret::TokenHash;
use crate::store::sessions::{self, LiveSession};
use crate::store::users;
use std::collections::{HashMap, HashSet};
use storage::prelude::*;

/// `hello {"token": …}`. Thousands arrive at once after a restart, so they run as a set.
pub(crate) struct OpenToken {
    pub(crate) hello: HelloContext,
    pub(crate) token: Token,
    /// The session of an earlier `hello` on this connection.
    pub(crate) current: Option<SessionId>,
}

impl Job for OpenToken {
    const NAME: &'static str = "sessions.open_token";
    const SET: bool = true;
    type Answer = Welcome;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Welcome, JobError<Refusal>> {
        let answers = Self::run_set(&[self], tx).await?;
        let answer = answers.into_iter().next().expect("one answer for one job");
        answer.map_err(JobError::Refused)
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<Welcome, Refusal>>, Fault> {
        let batch = TokenBatch::of(jobs);
        let mut live = batch.live_sessions(tx).await?;
        let mut authenticated = batch.authenticate(&live);
        let user_ids: HashSet<UserId> = authenticated
            .iter()
            .flatten()
            .map(Authenticated::user)
            .collect();
        // This locks their rows: a guest that another lane is ending has either ended by now or
        // stays.
        if users::seen(tx, &user_ids, batch.now).await? < user_ids.len() {
            live = batch.live_sessions(tx).await?;
            authenticated = batch.authenticate(&live);
        }
        batch.mark(tx, &authenticated, &live).await?;
        let welcomes = jobs.iter().zip(authenticated);
        Ok(welcomes
            .map(|(job, authenticated)| Ok(job.hello.welcome(authenticated?)))
            .collect())
    }
}

impl OpenToken {
    fn authenticate(&self, live: Option<&LiveSession>) -> Result<Authenticated, Refusal> {
        let live = live.ok_or(Refusal::TokenInvalid)?;
        if live.is_expired(self.hello.now) {
            return Err(Refusal::TokenExpired);
        }
        if self
            .current
            .is_some_and(|current| current != live.session.id)
        {
            return Err(Refusal::BadCredentials);
        }
        Ok(Authenticated {
            caller: live.caller(),
            token: self.token.clone(),
            resumed: true,
            expires_at: live.session.expires_at,
        })
    }
}

/// Several hellos with tokens, run as one set.
struct TokenBatch<'a> {
    jobs: &'a [&'a OpenToken],
    hashes: Vec<TokenHash>,
    now: i64,
}

impl<'a> TokenBatch<'a> {
    fn of(jobs: &'a [&'a OpenToken]) -> Self {
        let hashes = jobs.iter().map(|job| TokenHash::of(&job.token)).collect();
        let now = jobs.iter().map(|job| job.hello.now).max();
        Self {
            jobs,
            hashes,
            now: now.unwrap_or_default(),
        }
    }

    /// Reads the sessions of the tokens.
    async fn live_sessions(
        &self,
        tx: &mut Writer<'_>,
    ) -> Result<HashMap<TokenHash, LiveSession>, Fault> {
        let live = sessions::by_token(tx, &self.hashes).await?;
        let by_hash = live.into_iter().filter_map(|session| {
            let hash = session.session.token_hash.as_slice().try_into().ok()?;
            Some((TokenHash(hash), session))
        });
        Ok(by_hash.collect())
    }

    fn authenticate(
        &self,
        live: &HashMap<TokenHash, LiveSession>,
    ) -> Vec<Result<Authenticated, Refusal>> {
        let jobs = self.jobs.iter().zip(&self.hashes);
        jobs.map(|(job, hash)| job.authenticate(live.get(hash)))
            .collect()
    }

    /// Marks the sessions of successful hellos as connected, and publishes that.
    async fn mark(
        &self,
        tx: &mut Writer<'_>,
        authenticated: &[Result<Authenticated, Refusal>],
        live: &HashMap<TokenHash, LiveSession>,
    ) -> Result<(), Fault> {
        let mut openings = Vec::new();
        for ((job, hash), authenticated) in self.jobs.iter().zip(&self.hashes).zip(authenticated) {
            let Ok(authenticated) = authenticated else {
                continue;
            };
            let known = live
                .get(hash)
                .and_then(|live| live.session.device.as_deref());
            if let Some(device) = job.hello.new_device(known) {
                sessions::rename_device(tx, authenticated.session(), device).await?;
            }
            openings.push(OpenedConnection {
                connected_at: self.now,
                ..job.hello.opened_connection(authenticated)
            });
        }
        if openings.is_empty() {
            return Ok(());
        }
        let ids: Vec<SessionId> = openings.iter().map(|opening| opening.session).collect();
        sessions::connected(tx, &ids, self.now).await?;
        tx.state(ConnectionsOpened(openings));
        Ok(())
    }
}
