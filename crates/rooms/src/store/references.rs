//! Which people the tables of rooms still refer to.

use super::schema::{bans, invitations};
use diesel::sql_types::Binary;
use sessions::api::UserId;
use std::collections::HashSet;
use storage::list::Rows;
use storage::prelude::*;

/// Returns the people among `users` who are members of a room, belong to a direct room, or are the
/// subject of an entry. Authors of messages need no check: everyone who left a room is the subject of
/// a later entry, which is kept at least as long as what they wrote.
pub(crate) async fn referenced(
    access: &mut impl Access,
    users: &[UserId],
) -> Result<HashSet<UserId>, Fault> {
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<(UserId,)> = query!(access, |c| referenced_among(users).load(c))?;
    Ok(found.into_iter().map(|(user,)| user).collect())
}

fn referenced_among(users: &[UserId]) -> Rows<'_, (Binary,)> {
    let users = users.iter().map(|user| &user.0[..]);
    Rows::new(
        vec![("person", users.collect())],
        "SELECT w.person FROM w \
         WHERE EXISTS (SELECT 1 FROM members m WHERE m.user_id = w.person) \
         OR EXISTS (SELECT 1 FROM entries e WHERE e.subject_id = w.person) \
         OR EXISTS (SELECT 1 FROM rooms r WHERE r.pair_low = w.person) \
         OR EXISTS (SELECT 1 FROM rooms r WHERE r.pair_high = w.person)",
    )
}

/// Returns the people among `users` who are banned from a room or invited to one.
pub(crate) async fn banned_or_invited(
    access: &mut impl Access,
    users: &[UserId],
) -> Result<HashSet<UserId>, Fault> {
    let banned: Vec<UserId> = query!(access, |c| bans::table
        .filter(bans::user_id.one_of(users))
        .select(bans::user_id)
        .load(c))?;
    let invited: Vec<UserId> = query!(access, |c| invitations::table
        .filter(invitations::user_id.one_of(users))
        .select(invitations::user_id)
        .load(c))?;
    Ok(banned.into_iter().chain(invited).collect())
}
