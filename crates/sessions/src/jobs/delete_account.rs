//! Deletes accounts. What they wrote stays, under an anonymous name.

use super::end_user;
use crate::api::{
    Caller, EndReason, PeopleEnded, PersonProfile, Profile, ProfileChanged, Refusal, UserId,
};
use crate::store::users;
use storage::prelude::*;

/// Deletes the caller's own account.
pub(crate) struct DeleteOwnAccount {
    pub(crate) caller: Caller,
    /// The hash that the password was checked against.
    pub(crate) checked: String,
    pub(crate) now: i64,
}

impl Job for DeleteOwnAccount {
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

/// Removes name, password, identity, admin rights and profile, and ends and removes all sessions.
pub(crate) async fn erase(tx: &mut Writer<'_>, user: UserId, now: i64) -> Result<(), Fault> {
    end_user(tx, user, EndReason::Revoked, now).await?;
    users::erase(tx, user, now).await?;
    if let Some(row) = users::by_id(tx, &[user]).await?.pop() {
        let person = PersonProfile {
            user: row.user(),
            profile: Profile::default(),
        };
        tx.state(ProfileChanged { person, by: None });
    }
    tx.state(PeopleEnded { users: vec![user] });
    Ok(())
}
