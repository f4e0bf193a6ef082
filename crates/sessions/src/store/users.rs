//! Queries on users.

#![expect(
    clippy::ref_option_ref,
    reason = "the derive of Insertable names such types"
)]

use super::schema::users;
use crate::api::{User, UserId};
use crate::name::Name;
use std::collections::HashSet;
use storage::prelude::*;

/// A user's row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) name_key: String,
    pub(crate) guest: bool,
    pub(crate) admin: bool,
    pub(crate) ended_at: Option<i64>,
}

impl UserRow {
    /// Returns the user as everyone sees them.
    pub(crate) fn user(&self) -> User {
        User {
            id: self.id,
            name: self.name.as_str().into(),
            guest: self.guest,
        }
    }
}

/// The row of a new user.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = users)]
// Keeps the SQL the same whichever values are null, so that it is prepared once.
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    name: &'a str,
    name_key: &'a str,
    guest: bool,
    password_hash: Option<&'a str>,
    issuer: Option<&'a str>,
    subject: Option<&'a str>,
    created_at: i64,
    seen_at: i64,
    service: Option<&'a str>,
}

impl<'a> NewUser<'a> {
    /// A guest, without an account.
    pub(crate) fn guest(id: UserId, name: &'a Name, now: i64) -> Self {
        Self {
            id,
            name: name.text(),
            name_key: name.key(),
            guest: true,
            password_hash: None,
            issuer: None,
            subject: None,
            created_at: now,
            seen_at: now,
            service: None,
        }
    }

    /// An account with a password.
    pub(crate) fn account(id: UserId, name: &'a Name, hash: &'a str, now: i64) -> Self {
        Self {
            guest: false,
            password_hash: Some(hash),
            ..Self::guest(id, name, now)
        }
    }

    /// An account that belongs to a part of the server.
    pub(crate) fn service(id: UserId, name: &'a Name, service: &'a str, now: i64) -> Self {
        Self {
            guest: false,
            service: Some(service),
            ..Self::guest(id, name, now)
        }
    }

    /// A user with an issuer's identity.
    pub(crate) fn with_identity(
        id: UserId,
        name: &'a Name,
        (issuer, subject): (&'a str, &'a str),
        now: i64,
    ) -> Self {
        Self {
            guest: false,
            issuer: Some(issuer),
            subject: Some(subject),
            ..Self::guest(id, name, now)
        }
    }
}

/// Inserts users, except those whose name or identity an existing user has; returns those inserted.
pub(crate) async fn insert(
    tx: &mut Writer<'_>,
    new_users: &[NewUser<'_>],
) -> Result<HashSet<UserId>, Fault> {
    let stored: Vec<UserId> = statement!(tx, |c| diesel::insert_into(users::table)
        .values(new_users)
        .on_conflict_do_nothing()
        .returning(users::id)
        .get_results(c))?;
    Ok(stored.into_iter().collect())
}

/// Returns these users, including ended ones.
pub(crate) async fn by_id(access: &mut impl Access, ids: &[UserId]) -> Result<Vec<UserRow>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::id.one_of(ids))
        .select(UserRow::as_select())
        .load(c))?)
}

/// Returns the users with these name keys who have not ended.
pub(crate) async fn by_key(access: &mut impl Access, keys: &[&str]) -> Result<Vec<UserRow>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::name_key.one_of(keys))
        .filter(users::ended_at.is_null())
        .select(UserRow::as_select())
        .load(c))?)
}

/// Returns the user with this identity.
pub(crate) async fn by_identity(
    access: &mut impl Access,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRow>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::issuer.eq(issuer))
        .filter(users::subject.eq(subject))
        .select(UserRow::as_select())
        .first(c))
    .optional()?)
}

/// Returns the user with this name key who has not ended, and their password hash.
pub(crate) async fn with_password(
    access: &mut impl Access,
    key: &str,
) -> Result<Option<(UserRow, Option<String>)>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::name_key.eq(key))
        .filter(users::ended_at.is_null())
        .select((UserRow::as_select(), users::password_hash))
        .first(c))
    .optional()?)
}

/// Returns the user with this name key who has not ended, and the part of the server that owns the
/// account, if one does.
pub(crate) async fn with_service(
    access: &mut impl Access,
    key: &str,
) -> Result<Option<(UserRow, Option<String>)>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::name_key.eq(key))
        .filter(users::ended_at.is_null())
        .select((UserRow::as_select(), users::service))
        .first(c))
    .optional()?)
}

/// Returns which of these users are service accounts, including ended ones.
pub(crate) async fn services(
    access: &mut impl Access,
    ids: &[UserId],
) -> Result<HashSet<UserId>, Fault> {
    let found: Vec<UserId> = query!(access, |c| users::table
        .filter(users::id.one_of(ids))
        .filter(users::service.is_not_null())
        .select(users::id)
        .load(c))?;
    Ok(found.into_iter().collect())
}

/// Replaces a password hash if it is still `checked`; returns whether it was.
pub(crate) async fn change_password(
    tx: &mut Writer<'_>,
    user: UserId,
    checked: &str,
    new: &str,
) -> Result<bool, Fault> {
    let rows = statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.eq(user))
        .filter(users::password_hash.eq(checked))
        .set(users::password_hash.eq(new))
        .execute(c))?;
    Ok(rows == 1)
}

/// Returns which of these name keys are taken.
pub(crate) async fn taken_keys(
    access: &mut impl Access,
    keys: &[&str],
) -> Result<HashSet<String>, Fault> {
    let taken: Vec<String> = query!(access, |c| users::table
        .filter(users::name_key.one_of(keys))
        .filter(users::ended_at.is_null())
        .select(users::name_key)
        .load(c))?;
    Ok(taken.into_iter().collect())
}

/// Gives a user another name.
pub(crate) async fn rename(tx: &mut Writer<'_>, user: UserId, name: &Name) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.eq(user))
        .set((users::name.eq(name.text()), users::name_key.eq(name.key()),))
        .execute(c))?;
    Ok(())
}

/// Notes that these users have just been seen, and locks their rows until the end of the
/// transaction; returns how many of them have not ended.
pub(crate) async fn seen(
    tx: &mut Writer<'_>,
    ids: &HashSet<UserId>,
    now: i64,
) -> Result<usize, Fault> {
    if ids.is_empty() {
        return Ok(0);
    }
    Ok(statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.one_of(ids))
        .filter(users::ended_at.is_null())
        .set(users::seen_at.eq(now))
        .execute(c))?)
}

/// Whether this user is a server administrator.
pub(crate) async fn is_admin(access: &mut impl Access, user: UserId) -> Result<bool, Fault> {
    let admin: Option<bool> = query!(access, |c| users::table
        .find(user)
        .select(users::admin)
        .first(c))
    .optional()?;
    Ok(admin.unwrap_or(false))
}

/// Makes the account with this name key an administrator; returns false if there is none.
pub(crate) async fn grant_admin(tx: &mut Writer<'_>, key: &str) -> Result<bool, Fault> {
    let rows = statement!(tx, |c| diesel::update(users::table)
        .filter(users::name_key.eq(key))
        .filter(users::ended_at.is_null())
        .filter(users::guest.eq(false))
        .set(users::admin.eq(true))
        .execute(c))?;
    Ok(rows == 1)
}

/// Locks the row of a guest, so that no session of it is resumed; returns false if it is not a
/// guest or has ended.
pub(crate) async fn lock_guest(tx: &mut Writer<'_>, guest: UserId) -> Result<bool, Fault> {
    let rows = statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.eq(guest))
        .filter(users::guest.eq(true))
        .filter(users::ended_at.is_null())
        .set(users::seen_at.eq(users::seen_at))
        .execute(c))?;
    Ok(rows == 1)
}

/// Makes an account of a guest whose row is locked.
pub(crate) async fn upgrade(
    tx: &mut Writer<'_>,
    guest: UserId,
    hash: &str,
    now: i64,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.eq(guest))
        .set((
            users::guest.eq(false),
            users::password_hash.eq(hash),
            users::seen_at.eq(now),
            users::upgraded_at.eq(now),
        ))
        .execute(c))?;
    Ok(())
}

/// Returns the accounts that were guests, the latest first, at most `max`.
pub(crate) async fn upgraded(access: &mut impl Access, max: i64) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::upgraded_at.is_not_null())
        .order(users::upgraded_at.desc())
        .select(users::id)
        .limit(max)
        .load(c))?)
}

/// Returns a user who has not ended, with their password hash.
pub(crate) async fn with_hash(
    access: &mut impl Access,
    user: UserId,
) -> Result<Option<(UserRow, Option<String>)>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::id.eq(user))
        .filter(users::ended_at.is_null())
        .select((UserRow::as_select(), users::password_hash))
        .first(c))
    .optional()?)
}

/// Ends a user, which frees the name.
pub(crate) async fn end(tx: &mut Writer<'_>, user: UserId, now: i64) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.eq(user))
        .set(users::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// The name shown for a deleted account; not a valid name for anyone else.
const DELETED: &str = "deleted user";

/// Ends an account and removes everything that identifies it. A service account stays known as one.
pub(crate) async fn erase(tx: &mut Writer<'_>, user: UserId, now: i64) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(users::table)
        .filter(users::id.eq(user))
        .set((
            users::name.eq(DELETED),
            users::name_key.eq(DELETED),
            users::password_hash.eq(None::<String>),
            users::issuer.eq(None::<String>),
            users::subject.eq(None::<String>),
            users::admin.eq(false),
            users::ended_at.eq(now),
        ))
        .execute(c))?;
    Ok(())
}

/// Whether this user has not ended and has this password hash.
pub(crate) async fn has_password(
    access: &mut impl Access,
    user: UserId,
    hash: &str,
) -> Result<bool, Fault> {
    let found: i64 = query!(access, |c| users::table
        .filter(users::id.eq(user))
        .filter(users::password_hash.eq(hash))
        .filter(users::ended_at.is_null())
        .count()
        .get_result(c))?;
    Ok(found == 1)
}
