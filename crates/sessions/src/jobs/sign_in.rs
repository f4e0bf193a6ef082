//! Creates accounts and their sessions, over HTTP.

use super::credentials::{SessionCredentials, SessionStart};
use super::free_name::name_taken;
use super::quota::make_room;
use crate::api::{Refusal, Token, User, UserId};
use crate::name::Name;
use crate::store::sessions;
use crate::store::users::{self, NewUser};
use storage::prelude::*;

/// Creates an account and its first session.
pub(crate) struct SignUp {
    pub(crate) name: Name,
    pub(crate) hash: String,
    pub(crate) user: UserId,
    pub(crate) credentials: SessionCredentials,
    pub(crate) device: Option<String>,
    pub(crate) now: i64,
}

impl Job for SignUp {
    const NAME: &'static str = "sessions.register";
    type Answer = (Token, User);
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(Token, User), JobError<Refusal>> {
        let account = NewUser::account(self.user, &self.name, &self.hash, self.now);
        if users::insert(tx, &[account]).await?.is_empty() {
            return Err(JobError::Refused(name_taken(tx, &self.name).await?));
        }
        let user = User {
            id: self.user,
            name: self.name.text().into(),
            guest: false,
        };
        insert_session(
            tx,
            &self.credentials,
            user.id,
            self.device.as_deref(),
            self.now,
        )
        .await?;
        Ok((self.credentials.token.clone(), user))
    }
}

/// Creates a session for an account whose password has just been checked.
pub(crate) struct SignIn {
    pub(crate) name: Name,
    /// The hash that the password was checked against.
    pub(crate) checked: String,
    /// The hash to store instead, of the password's canonical form.
    pub(crate) rehashed: Option<String>,
    pub(crate) credentials: SessionCredentials,
    pub(crate) device: Option<String>,
    pub(crate) sessions_max: u32,
    pub(crate) now: i64,
}

impl Job for SignIn {
    const NAME: &'static str = "sessions.login";
    type Answer = (Token, User);
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(Token, User), JobError<Refusal>> {
        let found = users::with_password(tx, self.name.key()).await?;
        let unchanged = found.filter(|(_, hash)| hash.as_deref() == Some(&self.checked));
        let (user, _) = unchanged.ok_or(JobError::Refused(Refusal::BadCredentials))?;
        if let Some(rehashed) = &self.rehashed {
            users::change_password(tx, user.id, &self.checked, rehashed).await?;
        }
        make_room(tx, user.id, self.sessions_max, self.now).await?;
        insert_session(
            tx,
            &self.credentials,
            user.id,
            self.device.as_deref(),
            self.now,
        )
        .await?;
        Ok((self.credentials.token.clone(), user.user()))
    }
}

async fn insert_session(
    tx: &mut Writer<'_>,
    credentials: &SessionCredentials,
    user: UserId,
    device: Option<&str>,
    now: i64,
) -> Result<(), Fault> {
    let start = SessionStart {
        user,
        device,
        now,
        expires_at: None,
        connected: false,
    };
    sessions::insert(tx, &[credentials.row(&start)]).await
}
