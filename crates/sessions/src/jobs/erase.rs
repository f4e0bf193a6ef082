//! An account ends for good. What it wrote stays, under a name that says nothing.

use super::end_all;
use crate::api::{Caller, EndReason, PeopleEnded, Refusal, UserId};
use crate::store::{sessions, users};
use storage::prelude::*;

/// Deletes the caller's own account.
pub(crate) struct Erase {
    pub(crate) caller: Caller,
    /// The hash that the password was checked against.
    pub(crate) checked: String,
    pub(crate) now: i64,
}

impl Job for Erase {
    const NAME: &'static str = "sessions.delete_account";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Refusal>> {
        let user = self.caller.user.id;
        if !users::has_password(tx, user, &self.checked).await? {
            return Err(JobError::Refused(Refusal::BadCredentials));
        }
        erase(tx, user, self.now).await?;
        Ok(())
    }
}

/// Takes name, password, identity, rank and the names of devices away, and ends all sessions.
pub(crate) async fn erase(tx: &mut Writer<'_>, user: UserId, now: i64) -> Result<(), Fault> {
    end_all(tx, user, None, EndReason::Revoked, now).await?;
    sessions::forget_devices(tx, user).await?;
    users::erase(tx, user, now).await?;
    tx.state(PeopleEnded { users: vec![user] });
    Ok(())
}
