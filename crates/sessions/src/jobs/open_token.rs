//! Someone comes back with a token.

use super::door::{Door, Entered};
use crate::api::{Refusal, SessionId, Token, Welcome};
use crate::presence::Opened;
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
        let hashes: Vec<TokenHash> = jobs.iter().map(|job| TokenHash::of(&job.token)).collect();
        let living = lock_living(tx, &hashes, jobs).await?;
        let entered: Vec<Result<Entered, Refusal>> = jobs
            .iter()
            .zip(&hashes)
            .map(|(job, hash)| job.enter(living.get(hash)))
            .collect();
        mark(tx, jobs, &entered, &living).await?;
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

/// The living sessions behind these tokens, with their people's rows locked: a guest that is being
/// ended by another lane is either gone afterwards or stays.
async fn lock_living(
    tx: &mut Writer<'_>,
    hashes: &[TokenHash],
    jobs: &[&OpenToken],
) -> Result<HashMap<TokenHash, Living>, Fault> {
    let now = jobs
        .iter()
        .map(|job| job.door.now)
        .max()
        .unwrap_or_default();
    let mut living = sessions::by_token(tx, hashes).await?;
    let people: HashSet<_> = living.iter().map(|living| living.user.id).collect();
    if users::seen(tx, &people, now).await? < people.len() {
        living = sessions::by_token(tx, hashes).await?;
    }
    let by_hash = living.into_iter().filter_map(|living| {
        let hash = living.session.token_hash.as_slice().try_into().ok()?;
        Some((TokenHash(hash), living))
    });
    Ok(by_hash.collect())
}

/// Marks those who came in as connected, and says so.
async fn mark(
    tx: &mut Writer<'_>,
    jobs: &[&OpenToken],
    entered: &[Result<Entered, Refusal>],
    living: &HashMap<TokenHash, Living>,
) -> Result<(), Fault> {
    let known: HashMap<_, _> = living
        .values()
        .map(|living| (living.session.id, living.session.device.as_deref()))
        .collect();
    let now = jobs
        .iter()
        .map(|job| job.door.now)
        .max()
        .unwrap_or_default();
    let mut openings = Vec::new();
    for (job, entered) in jobs.iter().zip(entered) {
        let Ok(entered) = entered else { continue };
        let mut opening = job.door.opening(entered);
        opening.connected_at = now;
        openings.push(opening);
        let device = known.get(&entered.session()).copied().flatten();
        if let Some(device) = job.door.renamed(device) {
            sessions::rename_device(tx, entered.session(), device).await?;
        }
    }
    if openings.is_empty() {
        return Ok(());
    }
    let ids: Vec<SessionId> = openings.iter().map(|opening| opening.session).collect();
    sessions::connected(tx, &ids, now).await?;
    tx.state(Opened(openings));
    Ok(())
}
