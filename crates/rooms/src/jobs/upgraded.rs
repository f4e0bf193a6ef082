//! Guests who became accounts may own the rooms that they are in.

use super::person;
use crate::store::owners;
use sessions::api::{UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;

/// Records that these people, who were guests, may own their rooms. Safe to repeat. Holds their locks, so
/// that a `join` comes either before, and its membership is seen here, or after, and sees an account.
pub(crate) struct MarkEligibleJob {
    pub(crate) users: Vec<UserId>,
}

impl Job for MarkEligibleJob {
    const NAME: &'static str = "rooms.mark_eligible";
    const STATES: bool = false;
    const LOCKS: bool = true;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        directory::LANE
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(self.users.iter().copied().map(person::lock).collect())
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let living = directory::living(tx, &self.users).await?;
        let people = directory::by_id(tx, &self.users).await?;
        let accounts = people
            .into_values()
            .filter(|user| !user.guest && living.contains(&user.id));
        let accounts: Vec<UserId> = accounts.map(|user| user.id).collect();
        owners::mark_eligible(tx, &accounts).await?;
        Ok(())
    }
}
