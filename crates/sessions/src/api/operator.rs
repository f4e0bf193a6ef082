//! Jobs for the operator upon accounts and guests, run by a server or by `parlor admin`.

use super::directory;
use crate::jobs::{self, SetProfileJob};
use crate::name::Name;
use crate::store::users;
use bus::{Clock as _, SystemClock};
use std::convert::Infallible;
use storage::prelude::*;

/// Makes an account a server administrator, who is moderator of every public room, from its next
/// `hello` on. Answers false if no account has this name.
pub struct GrantAdmin {
    /// The account's name, in any spelling.
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

/// Deletes an account: everyone sees `deleted user` in its place, its sessions end, and nothing
/// else changes. Answers false if no account has this name. Publishes [`super::SessionEnded`].
pub struct EraseAccount {
    /// The account's name, in any spelling.
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

/// Takes display name, colour and picture away from an account or a guest. Answers false if nobody has this name.
/// Publishes [`super::ProfileChanged`].
pub struct ClearProfile {
    /// The name of the account or guest, in any spelling.
    pub name: String,
}

impl Job for ClearProfile {
    const NAME: &'static str = "sessions.clear_profile";
    type Answer = bool;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        jobs::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Infallible>> {
        let named = directory::by_name(tx, &[&self.name]).await?;
        let Some(user) = named.into_values().next() else {
            return Ok(false);
        };
        let clear = SetProfileJob {
            user: user.id,
            connection: None,
            display: Some(None),
            colour: Some(None),
            picture: Some(None),
            now: SystemClock::new().wall_ms(),
        };
        match clear.run(tx).await {
            Ok(_) => Ok(true),
            Err(JobError::Refused(_)) => Ok(false),
            Err(JobError::Fault(fault)) => Err(fault.into()),
        }
    }
}
