//! Finds or creates an account that belongs to a part of the server.

use super::free_name::name_taken;
use crate::api::{Caller, Refusal, SessionId, UserId};
use crate::name::Name;
use crate::store::users::{self, NewUser, UserRow};
use storage::prelude::*;

/// Opens the account `name` of `service`.
pub(crate) struct OpenService {
    pub(crate) service: &'static str,
    pub(crate) name: Name,
    /// The id to use if the account is new.
    pub(crate) user: UserId,
    pub(crate) now: i64,
}

impl Job for OpenService {
    const NAME: &'static str = "sessions.open_service_account";
    type Answer = Caller;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Caller, JobError<Refusal>> {
        if let Some(caller) = self.find(tx).await? {
            return Ok(caller);
        }
        let account = NewUser::service(self.user, &self.name, self.service, self.now);
        if !users::insert(tx, &[account]).await?.is_empty() {
            tracing::info!(service = self.service, user = %self.user, "created a service account");
        }
        // Another node may have just created it, or somebody of this name; this finds out which.
        match self.find(tx).await? {
            Some(caller) => Ok(caller),
            None => Err(JobError::Refused(name_taken(tx, &self.name).await?)),
        }
    }
}

impl OpenService {
    /// Returns the caller if the service owns the user of this name; refuses if somebody else has it.
    async fn find(&self, tx: &mut Writer<'_>) -> Result<Option<Caller>, JobError<Refusal>> {
        let Some((row, service)) = users::with_service(tx, self.name.key()).await? else {
            return Ok(None);
        };
        if service.as_deref() != Some(self.service) {
            return Err(JobError::Refused(name_taken(tx, &self.name).await?));
        }
        Ok(Some(caller(&row)))
    }
}

fn caller(row: &UserRow) -> Caller {
    Caller {
        user: row.user(),
        session: SessionId::NONE,
        admin: row.admin,
    }
}
