//! Opens or extends a session with a signed identity.

use super::credentials::{SessionCredentials, SessionStart};
use super::free_name::free_name;
use super::hello_context::{Authenticated, HelloContext};
use super::quota::make_room;
use crate::api::{Caller, Refusal, SessionId, Token, UserId, UserRenamed, Welcome};
use crate::jwt::Identity;
use crate::name::Name;
use crate::presence::ConnectionsOpened;
use crate::rate_limits::RateLimits;
use crate::secret::TokenHash;
use crate::store::sessions::{self, SessionRow};
use crate::store::user_sessions;
use crate::store::users::{self, NewUser, UserRow};
use std::collections::HashSet;
use std::sync::Arc;
use storage::prelude::*;

/// `hello {"jwt": …}`, optionally with the token of the session to continue.
pub(crate) struct OpenJwt {
    pub(crate) hello: HelloContext,
    pub(crate) identity: Identity,
    pub(crate) token: Option<Token>,
    /// The session of an earlier `hello` on this connection.
    pub(crate) current: Option<CurrentSession>,
    /// The id to use if the user is new.
    pub(crate) user: UserId,
    pub(crate) credentials: SessionCredentials,
    /// The client's network, whose rate limit applies to a new user, and the limits.
    pub(crate) from: String,
    pub(crate) limits: Arc<RateLimits>,
    pub(crate) sessions_max: u32,
}

/// The current session of a connection that says `hello` again.
pub(crate) struct CurrentSession {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: Token,
}

impl Job for OpenJwt {
    const NAME: &'static str = "sessions.open_jwt";
    type Answer = Welcome;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        super::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Welcome, JobError<Refusal>> {
        let user = self.find_or_create_user(tx).await?;
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.user != user.id)
        {
            return Err(JobError::Refused(Refusal::BadCredentials));
        }
        let authenticated = if let Some((session, token)) = self.continued(tx, &user).await? {
            self.resume(tx, &user, &session, token).await?
        } else {
            make_room(tx, user.id, self.sessions_max, self.hello.now).await?;
            self.begin(tx, &user).await?
        };
        tx.state(ConnectionsOpened(vec![
            self.hello.opened_connection(&authenticated),
        ]));
        Ok(self.hello.welcome(authenticated))
    }
}

/// The refusal if no similar name is free.
const NO_NAME: JobError<Refusal> = JobError::Refused(Refusal::NameTaken { suggest: None });

impl OpenJwt {
    /// Returns the user with this identity; creates them if they are new.
    async fn find_or_create_user(&self, tx: &mut Writer<'_>) -> Result<UserRow, JobError<Refusal>> {
        let Identity {
            issuer,
            subject,
            name,
            ..
        } = &self.identity;
        if let Some(user) = users::by_identity(tx, issuer, subject).await?
            // This locks the row. If another lane has removed it meanwhile, the user is created
            // again.
            && users::seen(tx, &HashSet::from([user.id]), self.hello.now).await? == 1
        {
            return Ok(self.follow_name(tx, user).await?);
        }
        self.limits
            .new_guest(&self.from)
            .map_err(JobError::Refused)?;
        if !self.create_user(tx, name).await? {
            let free = free_name(tx, name).await?.or_else(|| self.random_name());
            let free = free.ok_or(NO_NAME)?;
            self.create_user(tx, &free).await?;
        }
        // Another node may have just created the user; this finds theirs.
        let user = users::by_identity(tx, issuer, subject).await?;
        user.ok_or(NO_NAME)
    }

    /// Gives the user the name that the identity provider gives them now, with a suffix if it is taken
    /// (the same suffix as before, if there is one).
    async fn follow_name(&self, tx: &mut Writer<'_>, user: UserRow) -> Result<UserRow, Fault> {
        if user.name == self.identity.name.text() || self.is_outdated(tx, &user).await? {
            return Ok(user);
        }
        let Some(name) = self.name_to_follow(tx, &user).await? else {
            return Ok(user);
        };
        users::rename(tx, user.id, &name).await?;
        tracing::info!(user = %user.id, "a user was renamed by the identity provider");
        let renamed = UserRow {
            name: name.text().to_owned(),
            name_key: name.key().to_owned(),
            ..user
        };
        tx.state(UserRenamed {
            user: renamed.user(),
            by: Some(self.hello.connection),
        });
        Ok(renamed)
    }

    /// Returns whether the user has shown a newer identity, whose name counts.
    async fn is_outdated(&self, tx: &mut Writer<'_>, user: &UserRow) -> Result<bool, Fault> {
        user_sessions::expires_after(tx, user.id, self.identity.expires_at).await
    }

    /// Returns the name to give to a user whose identity has another one; `None` if theirs must stay.
    async fn name_to_follow(
        &self,
        tx: &mut Writer<'_>,
        user: &UserRow,
    ) -> Result<Option<Name>, Fault> {
        let wanted = &self.identity.name;
        if user.name_key == wanted.key() || is_free(tx, wanted).await? {
            return Ok(Some(wanted.clone()));
        }
        if wanted.is_suffixed_as(&user.name) {
            return Ok(None);
        }
        if let Some(free) = free_name(tx, wanted).await? {
            return Ok(Some(free));
        }
        if let Some(random) = self.random_name()
            && is_free(tx, &random).await?
        {
            return Ok(Some(random));
        }
        tracing::warn!(user = %user.id, "a user kept an outdated name: no name like the new one is free");
        Ok(None)
    }

    /// Creates the user; returns false if the name or the user already exists.
    async fn create_user(&self, tx: &mut Writer<'_>, name: &Name) -> Result<bool, Fault> {
        let identity = (
            self.identity.issuer.as_str(),
            self.identity.subject.as_str(),
        );
        let new_user = NewUser::with_identity(self.user, name, identity, self.hello.now);
        Ok(!users::insert(tx, &[new_user]).await?.is_empty())
    }

    /// Returns a name with a suffix from the new id's random part, for when `-2` … `-99` are taken.
    fn random_name(&self) -> Option<Name> {
        let [.., a, b, c, d] = self.user.0;
        self.identity
            .name
            .with_suffix(u32::from_be_bytes([a, b, c, d]))
    }

    /// Returns the session to continue, if any.
    async fn continued(
        &self,
        tx: &mut Writer<'_>,
        user: &UserRow,
    ) -> Result<Option<(SessionRow, Token)>, JobError<Refusal>> {
        let (found, token) = if let Some(token) = &self.token {
            let found = sessions::by_token(tx, &[TokenHash::of(token)]).await?;
            (found.into_iter().next().map(|live| live.session), token)
        } else if let Some(current) = &self.current {
            let found = sessions::by_id(tx, current.session).await?;
            (
                found.filter(|session| session.ended_at.is_none()),
                &current.token,
            )
        } else {
            return Ok(None);
        };
        let session = found.ok_or(JobError::Refused(Refusal::TokenInvalid))?;
        // The hub knows the connection by its first session. With another one, the connection would
        // stay open when that session ends.
        let is_other = |current: &CurrentSession| current.session != session.id;
        if session.user_id != user.id || self.current.as_ref().is_some_and(is_other) {
            return Err(JobError::Refused(Refusal::BadCredentials));
        }
        Ok(Some((session, token.clone())))
    }

    async fn resume(
        &self,
        tx: &mut Writer<'_>,
        user: &UserRow,
        session: &SessionRow,
        token: Token,
    ) -> Result<Authenticated, Fault> {
        // An older identity must not shorten what a newer one has granted.
        let expires_at = self
            .identity
            .expires_at
            .max(session.expires_at.unwrap_or(i64::MIN));
        sessions::extend(tx, session.id, expires_at).await?;
        sessions::connected(tx, &[session.id], self.hello.now).await?;
        if let Some(device) = self.hello.new_device(session.device.as_deref()) {
            sessions::rename_device(tx, session.id, device).await?;
        }
        Ok(authenticated(user, session.id, token, true, expires_at))
    }

    async fn begin(&self, tx: &mut Writer<'_>, user: &UserRow) -> Result<Authenticated, Fault> {
        let expires_at = self.identity.expires_at;
        let start = SessionStart {
            user: user.id,
            device: self.hello.device.as_deref(),
            now: self.hello.now,
            expires_at: Some(expires_at),
            connected: true,
        };
        sessions::insert(tx, &[self.credentials.row(&start)]).await?;
        Ok(authenticated(
            user,
            self.credentials.id,
            self.credentials.token.clone(),
            false,
            expires_at,
        ))
    }
}

async fn is_free(tx: &mut Writer<'_>, name: &Name) -> Result<bool, Fault> {
    Ok(users::taken_keys(tx, &[name.key()]).await?.is_empty())
}

fn authenticated(
    user: &UserRow,
    session: SessionId,
    token: Token,
    resumed: bool,
    expires_at: i64,
) -> Authenticated {
    let caller = Caller {
        user: user.user(),
        session,
        admin: user.admin,
    };
    Authenticated {
        caller,
        token,
        resumed,
        expires_at: Some(expires_at),
    }
}
