//! Periodic jobs: last-seen times and expiry.

use super::end::end;
use crate::api::{EndReason, GuestExpired, Refusal, SessionId, UserId};
use crate::store::{housekeeping, sessions, user_sessions, users};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use storage::prelude::*;

/// The most rows of one kind per run, since the lane has other work.
const ROWS_MAX: i64 = 500;
/// How long an ended session is kept, so that repeating `session.revoke` for it succeeds.
const ENDED_KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// The most ids in one statement, below the databases' limits.
const STATEMENT_MAX: usize = 10_000;

/// Writes the last-seen time of sessions used without a connection.
pub(crate) struct NoteSeen {
    pub(crate) seen: HashMap<SessionId, UserId>,
    pub(crate) now: i64,
}

impl Job for NoteSeen {
    const NAME: &'static str = "sessions.touch";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        note_seen(tx, &self.seen, self.now).await?;
        Ok(())
    }
}

/// Run when the server stops: connected sessions stay marked as connected, and count as seen now.
pub(crate) struct NoteConnectedSeen {
    pub(crate) seen: HashMap<SessionId, UserId>,
    pub(crate) now: i64,
}

impl Job for NoteConnectedSeen {
    const NAME: &'static str = "sessions.keep_connected";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        note_seen(tx, &self.seen, self.now).await?;
        sessions::all_connected_seen(tx, self.now).await?;
        Ok(())
    }
}

async fn note_seen(
    tx: &mut Writer<'_>,
    seen: &HashMap<SessionId, UserId>,
    now: i64,
) -> Result<(), Fault> {
    let seen: Vec<(SessionId, UserId)> = seen.iter().map(|(id, user)| (*id, *user)).collect();
    for chunk in seen.chunks(STATEMENT_MAX) {
        let ids: Vec<SessionId> = chunk.iter().map(|(session, _)| *session).collect();
        let user_ids: HashSet<UserId> = chunk.iter().map(|(_, user)| *user).collect();
        sessions::seen(tx, &ids, now).await?;
        users::seen(tx, &user_ids, now).await?;
    }
    Ok(())
}

/// Ends a batch of sessions that went unseen for too long, removes a batch of ended ones, and
/// publishes expired guests.
pub(crate) struct Expire {
    pub(crate) now: i64,
    pub(crate) session_unseen_ms: i64,
    pub(crate) guest_unseen_ms: i64,
}

impl Job for Expire {
    const NAME: &'static str = "sessions.expire";
    /// Whether there may be more to end or to remove.
    type Answer = bool;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Infallible>> {
        let sessions_before = self.now.saturating_sub(self.session_unseen_ms);
        let stale = sessions::stale(tx, sessions_before, ROWS_MAX).await?;
        end(tx, &stale, EndReason::Expired, self.now).await?;
        let ended_before = self.now.saturating_sub(ENDED_KEPT_MS);
        let forgotten = sessions::forget_ended(tx, ended_before, ROWS_MAX).await?;
        self.expire_guests(tx).await?;
        let batch = usize::try_from(ROWS_MAX).unwrap_or(usize::MAX);
        Ok(stale.len() >= batch || forgotten >= batch)
    }
}

impl Expire {
    async fn expire_guests(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let before = self.now.saturating_sub(self.guest_unseen_ms);
        let stale = housekeeping::stale_guests(tx, before, ROWS_MAX).await?;
        let ids: Vec<UserId> = stale.iter().map(|guest| guest.id).collect();
        let connected = user_sessions::with_connected_session(tx, &ids).await?;
        // Noted as seen, they are not found again, and the next batch finds others.
        users::seen(tx, &connected, self.now).await?;
        let gone = stale.iter().filter(|guest| !connected.contains(&guest.id));
        for guest in gone {
            tx.state(GuestExpired { user: guest.user() });
        }
        Ok(())
    }
}
