//! Forgetting people that nothing refers to any more.

use crate::store::references;
use sessions::api::{UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;

/// Removes the people among `users` that no membership and no entry refers to. Safe to repeat.
pub(crate) struct ForgetPeopleJob {
    pub(crate) users: Vec<UserId>,
    /// `None` for people who have ended. `Some` for people of an identity provider who were unseen
    /// since this time (ms since 1970) and would be recreated when they return; these are also kept for
    /// a ban or an invitation, which would not apply to the recreated person.
    pub(crate) unseen_before: Option<i64>,
}

impl Job for ForgetPeopleJob {
    const NAME: &'static str = "rooms.forget_people";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        directory::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let mut referenced = references::referenced(tx, &self.users).await?;
        if self.unseen_before.is_some() {
            referenced.extend(references::banned_or_invited(tx, &self.users).await?);
        }
        let unreferenced = self.users.iter().filter(|user| !referenced.contains(user));
        let unreferenced: Vec<UserId> = unreferenced.copied().collect();
        match self.unseen_before {
            None => directory::forget(tx, &unreferenced).await?,
            Some(before) => directory::forget_unseen(tx, &unreferenced, before).await?,
        }
        Ok(())
    }
}
