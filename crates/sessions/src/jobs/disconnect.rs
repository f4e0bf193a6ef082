//! Clears the connected marks of sessions after their grace period.

use crate::api::{SessionId, UserId};
use crate::presence::{DueSession, SessionsDisconnected};
use crate::store::{sessions, users};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use storage::prelude::*;

/// Clears the marks of these sessions, except those that reconnected meanwhile, whose mark differs.
pub(crate) struct Disconnect {
    pub(crate) due: Vec<DueSession>,
    pub(crate) now: i64,
}

impl Job for Disconnect {
    const NAME: &'static str = "sessions.leave";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let ids: Vec<SessionId> = self.due.iter().map(|due| due.session).collect();
        let marks: HashMap<SessionId, i64> = sessions::marks(tx, &ids).await?.into_iter().collect();
        // A session without a mark was cleared before: publishing that again makes up for a lost
        // answer.
        let is_back = |due: &DueSession| {
            marks
                .get(&due.session)
                .is_some_and(|at| *at != due.connected_at)
        };
        let gone: Vec<DueSession> = self
            .due
            .iter()
            .copied()
            .filter(|due| !is_back(due))
            .collect();
        let ids: Vec<SessionId> = gone.iter().map(|due| due.session).collect();
        let user_ids: HashSet<UserId> = gone.iter().map(|due| due.user).collect();
        sessions::disconnected(tx, &ids, self.now).await?;
        users::seen(tx, &user_ids, self.now).await?;
        tx.state(SessionsDisconnected(ids));
        Ok(())
    }
}
