//! Jobs by which users end their own sessions.

use super::end::{end, end_all};
use crate::api::{Caller, EndReason, Refusal, SessionId};
use crate::store::{sessions, users};
use storage::prelude::*;

/// Ends the caller's own session (`logout`).
pub(crate) struct EndOwnSession {
    pub(crate) caller: Caller,
    pub(crate) now: i64,
}

impl Job for EndOwnSession {
    const NAME: &'static str = "sessions.logout";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        let own = (self.caller.session, self.caller.user.id);
        end(tx, &[own], EndReason::Logout, self.now).await?;
        Ok(())
    }
}

/// Ends one of the caller's sessions (`session.revoke`). Succeeds if it has already ended.
pub(crate) struct Revoke {
    pub(crate) caller: Caller,
    pub(crate) session: SessionId,
    pub(crate) now: i64,
}

/// The refusal for a session that does not exist or is not the caller's.
pub(crate) const NO_SUCH_SESSION: Refusal = Refusal::BadRequest {
    field: "session",
    expected: "must be the id of one of your own sessions, or \"others\"",
};

impl Job for Revoke {
    const NAME: &'static str = "sessions.revoke";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        let found = sessions::by_id(tx, self.session).await?;
        let own = found.filter(|session| session.user_id == self.caller.user.id);
        let session = own.ok_or(JobError::Refused(NO_SUCH_SESSION))?;
        if session.ended_at.is_none() {
            let revoked = (session.id, session.user_id);
            end(tx, &[revoked], EndReason::Revoked, self.now).await?;
        }
        Ok(())
    }
}

/// Ends all of the caller's other sessions (`session.revoke` of `others`).
pub(crate) struct RevokeOthers {
    pub(crate) caller: Caller,
    pub(crate) now: i64,
}

impl Job for RevokeOthers {
    const NAME: &'static str = "sessions.revoke_others";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        let (user, keep) = (self.caller.user.id, Some(self.caller.session));
        end_all(tx, user, keep, EndReason::Revoked, self.now).await?;
        Ok(())
    }
}

/// Changes the caller's password and ends all their other sessions.
pub(crate) struct ReplacePassword {
    pub(crate) caller: Caller,
    /// The hash that the old password was checked against.
    pub(crate) checked: String,
    pub(crate) hash: String,
    pub(crate) now: i64,
}

impl Job for ReplacePassword {
    const NAME: &'static str = "sessions.change_password";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        let user = self.caller.user.id;
        if !users::change_password(tx, user, &self.checked, &self.hash).await? {
            return Err(JobError::Refused(Refusal::BadCredentials));
        }
        let keep = Some(self.caller.session);
        end_all(tx, user, keep, EndReason::Revoked, self.now).await?;
        Ok(())
    }
}
