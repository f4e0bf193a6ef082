//! What the operator alone does to accounts: jobs for whoever holds the database, a server that runs
//! or `parlor admin`.

use super::directory;
use crate::clock::{Clock as _, SystemClock};
use crate::jobs;
use crate::name::Name;
use crate::store::users;
use std::convert::Infallible;
use storage::prelude::*;

/// Makes the account of this name a server administrator, from its next `hello` on: moderator of
/// every public room. Answers false when there is no such account.
pub struct GrantAdmin {
    /// However it is spelled.
    pub name: String,
}

impl Job for GrantAdmin {
    const NAME: &'static str = "sessions.grant_admin";
    type Answer = bool;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        jobs::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Infallible>> {
        match Name::parse(&self.name) {
            Some(name) => Ok(users::grant_admin(tx, name.key()).await?),
            None => Ok(false),
        }
    }
}

/// Deletes the account of this name: everyone sees `deleted user` in its place, its sessions end,
/// and nothing else changes. Answers false when there is no such account. States
/// [`super::SessionEnded`].
pub struct EraseAccount {
    /// However it is spelled.
    pub name: String,
}

impl Job for EraseAccount {
    const NAME: &'static str = "sessions.erase_account";
    type Answer = bool;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        jobs::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Infallible>> {
        let named = directory::by_name(tx, &[&self.name]).await?;
        let Some(account) = named.into_values().find(|user| !user.guest) else {
            return Ok(false);
        };
        jobs::erase(tx, account.id, SystemClock::new().wall_ms()).await?;
        Ok(true)
    }
}
