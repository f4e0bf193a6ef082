//! Making an account of a guest.

use super::error::{QueryError, into_answer};
use super::{Queries, accounts};
use crate::api::{Caller, Refusal, UpgradeGuest, Upgraded};
use crate::jobs::UpgradeJob;
use crate::name::{self, Name};
use crate::password::Password;
use crate::store::users;
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;

impl Queries {
    async fn upgrade(&self, request: UpgradeGuest) -> Result<Upgraded, QueryError> {
        let UpgradeGuest {
            caller,
            name,
            password,
            invite,
            from,
        } = request;
        let limits = &self.deps.limits;
        limits.password_from_network(&from)?;
        limits.password_in_session(caller.session)?;
        let expected = name::EXPECTED;
        let refusal = Refusal::BadRequest {
            field: "name",
            expected,
        };
        let name = name.map(|name| Name::parse(&name).ok_or(refusal));
        let name = name.transpose()?;
        if !caller.user.guest {
            return self.repeat(&caller, name.as_ref(), password).await;
        }
        self.admit(invite.as_deref())?;
        let new = accounts::new_password("password", password.clone())?;
        limits.new_account(&from)?;
        let hash = self.hasher.hash(&from, new, self.salt()).await?;
        let job = UpgradeJob {
            guest: caller.user.id,
            name: name.clone(),
            hash,
            now: self.deps.clock.wall_ms(),
        };
        match self.write(job).await {
            Ok(user) => Ok(Upgraded { user, dup: false }),
            // Another request was faster.
            Err(QueryError::Refused(Refusal::Forbidden)) => {
                self.repeat(&caller, name.as_ref(), password).await
            }
            Err(error) => Err(error),
        }
    }

    /// Answers a request by somebody who is an account already: a repeat has its password and no other name.
    async fn repeat(
        &self,
        caller: &Caller,
        name: Option<&Name>,
        password: String,
    ) -> Result<Upgraded, QueryError> {
        let user = caller.user.id;
        let found = self.deps.database.read("sessions.upgraded", move |reader| {
            async move { users::with_hash(reader, user).await }.boxed()
        });
        let Some((row, hash)) = found.await? else {
            return Err(Refusal::Forbidden.into());
        };
        if name.is_some_and(|name| name.key() != row.name_key) {
            return Err(Refusal::Forbidden.into());
        }
        let password = Password::new(password);
        let client = accounts::hash_client(caller);
        match self.check(&client, &password, hash).await {
            Ok(_) => Ok(Upgraded {
                user: row.user(),
                dup: true,
            }),
            Err(QueryError::Refused(Refusal::BadCredentials)) => Err(Refusal::Forbidden.into()),
            Err(error) => Err(error),
        }
    }
}

impl Reads<UpgradeGuest> for Queries {
    async fn read(
        &self,
        request: UpgradeGuest,
        _trace: TraceId,
    ) -> Result<Result<Upgraded, Refusal>, AskError> {
        into_answer(self.upgrade(request).await)
    }
}
