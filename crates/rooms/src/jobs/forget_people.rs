//! People whom nothing names any more leave no row.

use crate::store::references;
use sessions::api::{UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;

/// Has those of these people forgotten whom no membership and no entry names. Safe to repeat.
pub(crate) struct ForgetPeopleJob {
    pub(crate) users: Vec<UserId>,
    /// Not because they ended, but because their identity provider would send them again; then a ban
    /// or an invitation names them too, as it would not find whoever comes.
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
        let mut named = references::referenced(tx, &self.users).await?;
        if self.unseen_before.is_some() {
            named.extend(references::banned_or_invited(tx, &self.users).await?);
        }
        let nobody = self.users.iter().filter(|user| !named.contains(user));
        let nobody: Vec<UserId> = nobody.copied().collect();
        match self.unseen_before {
            None => directory::forget(tx, &nobody).await?,
            Some(before) => directory::forget_unseen(tx, &nobody, before).await?,
        }
        Ok(())
    }
}
