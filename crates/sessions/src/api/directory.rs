//! Users, read inside the caller's own transaction.

use super::{EndReason, User, UserId};
use crate::clock::{Clock as _, SystemClock};
use crate::jobs::{self, end_person};
use crate::name::Name;
use crate::store::{housekeeping, user_sessions, users};
use std::collections::{HashMap, HashSet};
use storage::prelude::*;

/// The lane of every job that writes people or their sessions, whichever crate it is: then no two
/// transactions wait for each other's rows.
pub const LANE: LaneKey = jobs::LANE;

/// The people with these ids, those who ended too; unknown ids are absent. One query.
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

/// The living people with these names (compared confusable-safe), keyed by the name as given. One
/// query.
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
    let living: HashMap<&str, User> = rows
        .iter()
        .map(|row| (row.name_key.as_str(), row.user()))
        .collect();
    let found = parsed
        .iter()
        .filter_map(|(typed, name)| Some(((*typed).to_owned(), living.get(name.key())?.clone())));
    Ok(found.collect())
}

/// What a command calls a `user`: an id or `@name`, of someone living. `None`: no such user.
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

/// Whether this person is a server administrator: moderator of every public room.
pub async fn is_admin(access: &mut impl Access, user: UserId) -> Result<bool, Fault> {
    users::is_admin(access, user).await
}

/// Those of these people who are living: no guest that ended and no account that was deleted. One
/// query.
pub async fn living(access: &mut impl Access, ids: &[UserId]) -> Result<HashSet<UserId>, Fault> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = users::by_id(access, ids).await?;
    let living = rows.iter().filter(|row| row.ended_at.is_none());
    Ok(living.map(|row| row.id).collect())
}

/// Ends a guest that is a member of no room: its sessions end and are removed, its name is free; its
/// id stays known to [`by_id`] for the entries it wrote, until [`forget`]. Does nothing to an account,
/// nor to a guest that is connected (it came back meanwhile). The job belongs to [`LANE`]. States
/// [`super::SessionEnded`] and [`super::PeopleForgettable`].
pub async fn end_guest(tx: &mut Writer<'_>, guest: UserId) -> Result<(), Fault> {
    // The lock comes first: a `hello` in another lane is before it, and seen here, or after it.
    if !users::lock_guest(tx, guest).await? || user_sessions::is_connected(tx, guest).await? {
        return Ok(());
    }
    let now = SystemClock::new().wall_ms();
    end_person(tx, guest, EndReason::Expired, now).await?;
    users::end(tx, guest, now).await
}

/// Removes those of these people who have ended, and their sessions. The caller knows that no entry and
/// no membership names them.
pub async fn forget(tx: &mut Writer<'_>, ids: &[UserId]) -> Result<(), Fault> {
    housekeeping::forget_ended(tx, ids).await
}

/// Removes those of these people of an identity provider who were unseen since this moment
/// ([`super::PeopleForgettable`]). The caller knows that nothing names them. Leaves whoever has a
/// session or came back meanwhile.
pub async fn forget_unseen(tx: &mut Writer<'_>, ids: &[UserId], before: i64) -> Result<(), Fault> {
    housekeeping::forget_unseen(tx, ids, before).await
}
