//! What is written from time to time.

use super::ending::end;
use crate::api::{EndReason, GuestExpired, Refusal, SessionId, UserId};
use crate::store::{sessions, users};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use storage::prelude::*;

/// The most rows of one kind that one run touches: the lane has other work.
const ROWS_MAX: i64 = 500;
/// The most ids of one statement: more would not fit.
const STATEMENT_MAX: usize = 10_000;

/// Notes who has been seen without a connection.
pub(crate) struct Touch {
    pub(crate) seen: HashMap<SessionId, UserId>,
    pub(crate) now: i64,
}

impl Job for Touch {
    const NAME: &'static str = "sessions.touch";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        touch(tx, &self.seen, self.now).await?;
        Ok(())
    }
}

/// The server stops: who is connected stays marked, seen until now.
pub(crate) struct Keep {
    pub(crate) seen: HashMap<SessionId, UserId>,
    pub(crate) now: i64,
}

impl Job for Keep {
    const NAME: &'static str = "sessions.keep_connected";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        touch(tx, &self.seen, self.now).await?;
        sessions::all_connected_seen(tx, self.now).await?;
        Ok(())
    }
}

async fn touch(
    tx: &mut Writer<'_>,
    seen: &HashMap<SessionId, UserId>,
    now: i64,
) -> Result<(), Fault> {
    let seen: Vec<(SessionId, UserId)> = seen.iter().map(|(id, user)| (*id, *user)).collect();
    for some in seen.chunks(STATEMENT_MAX) {
        let ids: Vec<SessionId> = some.iter().map(|(session, _)| *session).collect();
        let people: HashSet<UserId> = some.iter().map(|(_, user)| *user).collect();
        sessions::seen(tx, &ids, now).await?;
        users::seen(tx, &people, now).await?;
    }
    Ok(())
}

/// Ends what has not been seen for too long. What one run leaves, the next finds.
pub(crate) struct Expire {
    pub(crate) now: i64,
    pub(crate) session_unseen_ms: i64,
    pub(crate) guest_unseen_ms: i64,
}

impl Job for Expire {
    const NAME: &'static str = "sessions.expire";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let sessions_before = self.now.saturating_sub(self.session_unseen_ms);
        let stale = sessions::stale(tx, sessions_before, ROWS_MAX).await?;
        end(tx, &stale, EndReason::Expired, self.now).await?;
        let guests_before = self.now.saturating_sub(self.guest_unseen_ms);
        for guest in users::stale_guests(tx, guests_before, ROWS_MAX).await? {
            tx.state(GuestExpired { user: guest.user() });
        }
        sessions::forget_ended(tx, sessions_before, ROWS_MAX).await?;
        Ok(())
    }
}
