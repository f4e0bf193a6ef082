//! Accounts with passwords.

use super::Queries;
use super::error::{QueryError, into_answer};
use crate::api::{Caller, ChangePassword, DeleteAccount, Login, Refusal, Register, Token, User};
use crate::jobs::{
    DeleteOwnAccount, HelloContext, ReplacePassword, SessionCredentials, SignIn, SignUp,
};
use crate::name::{self, Name};
use crate::password::{self, Password};
use crate::random;
use crate::secret::digest;
use crate::settings::Registration;
use crate::store::users;
use bus::{AskError, Reads, TraceId};
use futures_util::FutureExt as _;
use std::time::Duration;
use storage::Job;

/// The time limit of a write after a hash; shorter than any caller's.
const WRITE_WITHIN: Duration = Duration::from_secs(4);

/// A login whose password was right when it was checked.
struct CheckedLogin {
    name: Name,
    password: Password,
    device: Option<String>,
    from: String,
}

impl Queries {
    async fn register(&self, request: Register) -> Result<(Token, User), QueryError> {
        let Register {
            name,
            password,
            invite,
            device,
            from,
        } = request;
        self.deps.limits.password_from_network(&from)?;
        self.admit(invite.as_deref())?;
        let name = Name::parse(&name).ok_or(Refusal::BadRequest {
            field: "name",
            expected: name::EXPECTED,
        })?;
        let password = new_password("password", password)?;
        self.deps.limits.password_for_name(name.key())?;
        self.deps.limits.new_account(&from)?;
        let hash = self.hasher.hash(&from, password, self.salt()).await?;
        let now = self.deps.clock.wall_ms();
        let user = random::user_id(&*self.deps.random, now);
        let credentials = SessionCredentials::new(&*self.deps.random, now);
        let device = HelloContext::clean_device(device);
        self.write(SignUp {
            name,
            hash,
            user,
            credentials,
            device,
            now,
        })
        .await
    }

    /// Refuses registration unless it is open or the invite code is right.
    pub(super) fn admit(&self, invite: Option<&str>) -> Result<(), Refusal> {
        let settings = &self.deps.settings;
        let admitted = match settings.registration {
            Registration::Open => true,
            Registration::Off => false,
            // Compares digests, so that the time reveals nothing about the code.
            Registration::Invite => settings
                .invite_code
                .as_ref()
                .is_some_and(|code| digest(invite.unwrap_or_default()) == digest(&code.0)),
        };
        if admitted {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    async fn login(&self, request: Login) -> Result<(Token, User), QueryError> {
        let Login {
            name,
            password,
            device,
            from,
        } = request;
        self.deps.limits.password_from_network(&from)?;
        let name = Name::parse(&name);
        let hash = match &name {
            Some(name) => {
                self.deps.limits.password_for_name(name.key())?;
                self.password_hash(name).await?
            }
            None => None,
        };
        let password = Password::new(password);
        let outdated = self.check(&from, &password, hash.clone()).await?;
        let (Some(name), Some(hash)) = (name, hash) else {
            return Err(Refusal::BadCredentials.into());
        };
        let login = CheckedLogin {
            name,
            password,
            device: HelloContext::clean_device(device),
            from,
        };
        match self.sign_in(&login, hash, outdated).await {
            Err(QueryError::Refused(Refusal::BadCredentials)) => self.sign_in_again(&login).await,
            answer => answer,
        }
    }

    /// Signs in with a password that has this hash.
    async fn sign_in(
        &self,
        login: &CheckedLogin,
        checked: String,
        outdated: bool,
    ) -> Result<(Token, User), QueryError> {
        let rehashed = if outdated {
            let canonical = login.password.canonical().to_owned();
            let hash = self.hasher.hash(&login.from, canonical, self.salt());
            // If the hasher is overloaded, a later login replaces the hash.
            hash.await.ok()
        } else {
            None
        };
        let now = self.deps.clock.wall_ms();
        self.write(SignIn {
            name: login.name.clone(),
            checked,
            rehashed,
            credentials: SessionCredentials::new(&*self.deps.random, now),
            device: login.device.clone(),
            sessions_max: self.deps.settings.sessions_per_person,
            now,
        })
        .await
    }

    /// Signs in after the hash has changed: another login with the same password may have replaced an
    /// outdated one.
    async fn sign_in_again(&self, login: &CheckedLogin) -> Result<(Token, User), QueryError> {
        let hash = self.password_hash(&login.name).await?;
        let outdated = self
            .check(&login.from, &login.password, hash.clone())
            .await?;
        let hash = hash.ok_or(Refusal::BadCredentials)?;
        self.sign_in(login, hash, outdated).await
    }

    async fn change_password(&self, request: ChangePassword) -> Result<(), QueryError> {
        let ChangePassword { caller, old, new } = request;
        only_accounts(&caller)?;
        let new = new_password("new", new)?;
        let checked = self.own_password(&caller, old).await?;
        let hash = self
            .hasher
            .hash(&hash_client(&caller), new, self.salt())
            .await?;
        let now = self.deps.clock.wall_ms();
        self.write(ReplacePassword {
            caller,
            checked,
            hash,
            now,
        })
        .await
    }

    async fn delete_account(&self, request: DeleteAccount) -> Result<(), QueryError> {
        let DeleteAccount { caller, password } = request;
        only_accounts(&caller)?;
        let checked = self.own_password(&caller, password).await?;
        let now = self.deps.clock.wall_ms();
        self.write(DeleteOwnAccount {
            caller,
            checked,
            now,
        })
        .await
    }

    /// Checks the caller's password; returns its hash.
    async fn own_password(&self, caller: &Caller, password: String) -> Result<String, QueryError> {
        let name = Name::parse(&caller.user.name).ok_or(Refusal::BadCredentials)?;
        self.deps.limits.password_in_session(caller.session)?;
        let checked = self.password_hash(&name).await?;
        let password = Password::new(password);
        self.check(&hash_client(caller), &password, checked.clone())
            .await?;
        Ok(checked.ok_or(Refusal::BadCredentials)?)
    }

    async fn password_hash(&self, name: &Name) -> Result<Option<String>, QueryError> {
        let key = name.key().to_owned();
        let found = self.deps.database.read("sessions.password", move |reader| {
            async move { users::with_password(reader, &key).await }.boxed()
        });
        Ok(found.await?.and_then(|(_, hash)| hash))
    }

    /// Refuses the password unless it has this hash; does the same work if there is none. Returns
    /// whether the hash is outdated: an older server made it from the password as typed.
    pub(super) async fn check(
        &self,
        hash_client: &str,
        password: &Password,
        hash: Option<String>,
    ) -> Result<bool, QueryError> {
        for form in password.forms() {
            let verified = self
                .hasher
                .verify(hash_client, form.to_owned(), hash.clone());
            if verified.await? {
                return Ok(form != password.canonical());
            }
        }
        Err(Refusal::BadCredentials.into())
    }

    pub(super) fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        self.deps.random.fill(&mut salt);
        salt
    }

    pub(super) async fn write<J>(&self, job: J) -> Result<J::Answer, QueryError>
    where
        J: Job<Refusal = Refusal>,
    {
        Ok(self.deps.database.write(job, WRITE_WITHIN).await??)
    }
}

/// Returns the hasher's client for a logged-in user: the user, not the network.
pub(super) fn hash_client(caller: &Caller) -> String {
    caller.user.id.to_string()
}

fn only_accounts(caller: &Caller) -> Result<(), Refusal> {
    if caller.user.guest {
        return Err(Refusal::NotAllowedForGuests);
    }
    Ok(())
}

pub(super) fn new_password(field: &'static str, typed: String) -> Result<String, Refusal> {
    let expected = password::EXPECTED;
    let password = Password::new(typed).into_new();
    password.ok_or(Refusal::BadRequest { field, expected })
}

impl Reads<Register> for Queries {
    async fn read(
        &self,
        request: Register,
        _trace: TraceId,
    ) -> Result<Result<(Token, User), Refusal>, AskError> {
        into_answer(self.register(request).await)
    }
}

impl Reads<Login> for Queries {
    async fn read(
        &self,
        request: Login,
        _trace: TraceId,
    ) -> Result<Result<(Token, User), Refusal>, AskError> {
        into_answer(self.login(request).await)
    }
}

impl Reads<ChangePassword> for Queries {
    async fn read(
        &self,
        request: ChangePassword,
        _trace: TraceId,
    ) -> Result<Result<(), Refusal>, AskError> {
        into_answer(self.change_password(request).await)
    }
}

impl Reads<DeleteAccount> for Queries {
    async fn read(
        &self,
        request: DeleteAccount,
        _trace: TraceId,
    ) -> Result<Result<(), Refusal>, AskError> {
        into_answer(self.delete_account(request).await)
    }
}
