//! Functions on users, run inside the caller's own transaction.

use super::{EndReason, User, UserId};
use crate::jobs::{self, end_user};
use crate::name::Name;
use crate::store::{housekeeping, user_sessions, users};
use bus::{Clock as _, SystemClock};
use std::collections::{HashMap, HashSet};
use storage::prelude::*;

/// The lane for every job, in any crate, that writes users or their sessions, so that no two
/// transactions wait for each other's rows.
pub const LANE: LaneKey = jobs::LANE;

/// Returns the users with these ids, including ended ones; unknown ids are absent. One query.
pub async fn by_id(
    access: &mut impl Access,
    ids: &[UserId],
) -> Result<HashMap<UserId, User>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = users::by_id(access, ids).await?;
    Ok(rows.iter().map(|row| (row.id, row.user())).collect())
}

/// Returns the users with these names who have not ended, keyed by the name as given. Names that
/// look alike count as equal. One query.
pub async fn by_name(
    access: &mut impl Access,
    names: &[&str],
) -> Result<HashMap<String, User>, Fault> {
    let parsed = names
        .iter()
        .filter_map(|typed| Some((*typed, Name::parse(typed)?)));
    let parsed: Vec<(&str, Name)> = parsed.collect();
    if parsed.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<&str> = parsed.iter().map(|(_, name)| name.key()).collect();
    let rows = users::by_key(access, &keys).await?;
    let found: HashMap<&str, User> = rows
        .iter()
        .map(|row| (row.name_key.as_str(), row.user()))
        .collect();
    let users = parsed
        .iter()
        .filter_map(|(typed, name)| Some(((*typed).to_owned(), found.get(name.key())?.clone())));
    Ok(users.collect())
}

/// Resolves a command's `user`: an id or `@name`. Returns `None` if there is no such user or they
/// have ended.
pub async fn resolve(access: &mut impl Access, user: &str) -> Result<Option<User>, Fault> {
    if let Some(name) = user.strip_prefix('@') {
        return Ok(by_name(access, &[name]).await?.remove(name));
    }
    let Ok(id) = user.parse::<UserId>() else {
        return Ok(None);
    };
    let rows = users::by_id(access, &[id]).await?;
    Ok(rows
        .iter()
        .find(|row| row.ended_at.is_none())
        .map(users::UserRow::user))
}

/// Whether this user is a server administrator, who is moderator of every public room.
pub async fn is_admin(access: &mut impl Access, user: UserId) -> Result<bool, Fault> {
    users::is_admin(access, user).await
}

/// Returns which of `ids` are users who have not ended: neither expired guests nor deleted
/// accounts. One query.
pub async fn living(access: &mut impl Access, ids: &[UserId]) -> Result<HashSet<UserId>, Fault> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = users::by_id(access, ids).await?;
    let living = rows.iter().filter(|row| row.ended_at.is_none());
    Ok(living.map(|row| row.id).collect())
}

/// Returns which of these users are accounts of the server's own ([`super::OpenServiceAccount`]),
/// including deleted ones. One query.
pub async fn services(access: &mut impl Access, ids: &[UserId]) -> Result<HashSet<UserId>, Fault> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    users::services(access, ids).await
}

/// Whether a session of this user is marked as connected: in this transaction the user counts as
/// online.
pub async fn is_connected(access: &mut impl Access, user: UserId) -> Result<bool, Fault> {
    user_sessions::is_connected(access, user).await
}

/// Ends a guest that is no longer a member of any room: ends and removes its sessions and frees its
/// name. [`by_id`] still returns it, for the entries it wrote, until [`forget`]. Does nothing to an
/// account, or to a guest that is connected (it came back meanwhile). Call it in a job of [`LANE`].
/// Publishes [`super::SessionEnded`] and [`super::PeopleForgettable`].
pub async fn end_guest(tx: &mut Writer<'_>, guest: UserId) -> Result<(), Fault> {
    // Lock first: a `hello` in another lane then comes before, and is seen here, or after.
    if !users::lock_guest(tx, guest).await? || user_sessions::is_connected(tx, guest).await? {
        return Ok(());
    }
    let now = SystemClock::new().wall_ms();
    end_user(tx, guest, EndReason::Expired, now).await?;
    users::end(tx, guest, now).await
}

/// Removes the given users who have ended, and their sessions. The caller must know that no entry
/// and no membership refers to them.
pub async fn forget(tx: &mut Writer<'_>, ids: &[UserId]) -> Result<(), Fault> {
    housekeeping::forget_ended(tx, ids).await
}

/// Removes the given users of an identity provider who were last seen before `before`
/// ([`super::PeopleForgettable`]) and have no session. The caller must know that nothing refers to
/// them.
pub async fn forget_unseen(tx: &mut Writer<'_>, ids: &[UserId], before: i64) -> Result<(), Fault> {
    housekeeping::forget_unseen(tx, ids, before).await
}
