//! Makes an account of a guest, who stays the same person in everything else.

use super::free_name::name_taken;
use crate::api::{GuestsUpgraded, ProfileChanged, Refusal, User, UserId, UserRenamed};
use crate::name::Name;
use crate::store::{profiles, users};
use storage::prelude::*;

/// Makes an account of a guest. Refused with [`Refusal::Forbidden`] if it is none any more.
pub(crate) struct UpgradeJob {
    pub(crate) guest: UserId,
    /// The account's name; `None` keeps the guest's.
    pub(crate) name: Option<Name>,
    pub(crate) hash: String,
    pub(crate) now: i64,
}

impl Job for UpgradeJob {
    const NAME: &'static str = "sessions.upgrade";
    type Answer = User;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<User, JobError<Refusal>> {
        // Locks the row: a guest that another lane is ending has either ended by now or stays.
        if !users::lock_guest(tx, self.guest).await? {
            return Err(JobError::Refused(Refusal::Forbidden));
        }
        if let Some(name) = &self.name {
            self.rename(tx, name).await?;
        }
        users::upgrade(tx, self.guest, &self.hash, self.now).await?;
        let row = users::by_id(tx, &[self.guest]).await?.pop();
        let row = row.ok_or_else(|| Fault::from(anyhow::anyhow!("cannot find the new account")))?;
        let user = row.user();
        tx.state(GuestsUpgraded {
            users: vec![user.id],
        });
        for person in profiles::of(tx, &[user.id]).await? {
            tx.state(ProfileChanged { person, by: None });
        }
        tx.state(UserRenamed {
            user: user.clone(),
            by: None,
        });
        Ok(user)
    }
}

impl UpgradeJob {
    async fn rename(&self, tx: &mut Writer<'_>, name: &Name) -> Result<(), JobError<Refusal>> {
        let holders = users::by_key(tx, &[name.key()]).await?;
        if holders.iter().any(|holder| holder.id != self.guest) {
            return Err(JobError::Refused(name_taken(tx, name).await?));
        }
        users::rename(tx, self.guest, name).await?;
        Ok(())
    }
}
