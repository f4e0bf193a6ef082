//! Someone comes back with a token.

use super::door::{Door, Entered};
use crate::api::{Refusal, SessionId, Token, UserId, Welcome};
use crate::presence::{Opened, Opening};
use crate::secret::TokenHash;
use crate::store::sessions::{self, Living};
use crate::store::users;
use std::collections::{HashMap, HashSet};
use storage::prelude::*;

/// `hello {"token": …}`: after a restart thousands of them come at once, so they are carried out
/// as a set.
pub(crate) struct OpenToken {
    pub(crate) door: Door,
    pub(crate) token: Token,
    /// The session that this connection has said `hello` for before.
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
        let set = Set::of(jobs);
        let mut living = set.living(tx).await?;
        let mut entered = set.enter(&living);
        let people: HashSet<UserId> = entered.iter().flatten().map(Entered::user).collect();
        // This locks their rows: a guest whom another lane is ending is gone by now, or stays.
        if users::seen(tx, &people, set.now).await? < people.len() {
            living = set.living(tx).await?;
            entered = set.enter(&living);
        }
        set.mark(tx, &entered, &living).await?;
        let welcomes = jobs.iter().zip(entered);
        Ok(welcomes
            .map(|(job, entered)| Ok(job.door.welcome(entered?)))
            .collect())
    }
}

impl OpenToken {
    fn enter(&self, living: Option<&Living>) -> Result<Entered, Refusal> {
        let living = living.ok_or(Refusal::TokenInvalid)?;
        if living.is_expired(self.door.now) {
            return Err(Refusal::TokenExpired);
        }
        if self
            .current
            .is_some_and(|current| current != living.session.id)
        {
            return Err(Refusal::BadCredentials);
        }
        Ok(Entered {
            caller: living.caller(),
            token: self.token.clone(),
            resumed: true,
            expires_at: living.session.expires_at,
        })
    }
}

/// Several who come back at once.
struct Set<'a> {
    jobs: &'a [&'a OpenToken],
    hashes: Vec<TokenHash>,
    now: i64,
}

impl<'a> Set<'a> {
    fn of(jobs: &'a [&'a OpenToken]) -> Self {
        let hashes = jobs.iter().map(|job| TokenHash::of(&job.token)).collect();
        let now = jobs.iter().map(|job| job.door.now).max();
        Self {
            jobs,
            hashes,
            now: now.unwrap_or_default(),
        }
    }

    /// The living sessions behind the tokens.
    async fn living(&self, tx: &mut Writer<'_>) -> Result<HashMap<TokenHash, Living>, Fault> {
        let living = sessions::by_token(tx, &self.hashes).await?;
        let by_hash = living.into_iter().filter_map(|living| {
            let hash = living.session.token_hash.as_slice().try_into().ok()?;
            Some((TokenHash(hash), living))
        });
        Ok(by_hash.collect())
    }

    fn enter(&self, living: &HashMap<TokenHash, Living>) -> Vec<Result<Entered, Refusal>> {
        let jobs = self.jobs.iter().zip(&self.hashes);
        jobs.map(|(job, hash)| job.enter(living.get(hash)))
            .collect()
    }

    /// Marks those who came in as connected, and says so.
    async fn mark(
        &self,
        tx: &mut Writer<'_>,
        entered: &[Result<Entered, Refusal>],
        living: &HashMap<TokenHash, Living>,
    ) -> Result<(), Fault> {
        let mut openings = Vec::new();
        for ((job, hash), entered) in self.jobs.iter().zip(&self.hashes).zip(entered) {
            let Ok(entered) = entered else { continue };
            let known = living
                .get(hash)
                .and_then(|living| living.session.device.as_deref());
            if let Some(device) = job.door.renamed(known) {
                sessions::rename_device(tx, entered.session(), device).await?;
            }
            openings.push(Opening {
                connected_at: self.now,
                ..job.door.opening(entered)
            });
        }
        if openings.is_empty() {
            return Ok(());
        }
        let ids: Vec<SessionId> = openings.iter().map(|opening| opening.session).collect();
        sessions::connected(tx, &ids, self.now).await?;
        tx.state(Opened(openings));
        Ok(())
    }
}
