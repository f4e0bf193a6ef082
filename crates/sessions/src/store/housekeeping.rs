//! Rows that housekeeping looks for: each query reads a share, whatever the tables hold.

use super::tables::{sessions, users};
use super::users::UserRow;
use crate::api::UserId;
use storage::prelude::*;

/// Living guests who were last seen before this moment, at most `max`, the longest unseen first.
/// Some may be connected: nobody notes again and again that these are seen.
pub(crate) async fn stale_guests(
    access: &mut impl Access,
    before: i64,
    max: i64,
) -> Result<Vec<UserRow>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::guest)
        .filter(users::ended_at.is_null())
        .filter(users::seen_at.lt(before))
        .order(users::seen_at)
        .select(UserRow::as_select())
        .limit(max)
        .load(c))?)
}

/// People who have ended, in the order of their ids from this one on, at most `max`.
pub(crate) async fn ended_after(
    access: &mut impl Access,
    after: UserId,
    max: i64,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::ended_at.is_not_null())
        .filter(users::id.gt(after))
        .order(users::id)
        .select(users::id)
        .limit(max)
        .load(c))?)
}

/// Living people of identity providers and when they were last seen, in the order of their ids from
/// this one on, at most `max`.
pub(crate) async fn with_identity_after(
    access: &mut impl Access,
    after: UserId,
    max: i64,
) -> Result<Vec<(UserId, i64)>, Fault> {
    Ok(query!(access, |c| users::table
        .filter(users::subject.is_not_null())
        .filter(users::ended_at.is_null())
        .filter(users::id.gt(after))
        .order(users::id)
        .select((users::id, users::seen_at))
        .limit(max)
        .load(c))?)
}

/// Removes those of these who have ended, and their sessions.
pub(crate) async fn forget_ended(tx: &mut Writer<'_>, ids: &[UserId]) -> Result<(), Fault> {
    let over: Vec<UserId> = query!(tx, |c| users::table
        .filter(users::id.one_of(ids))
        .filter(users::ended_at.is_not_null())
        .select(users::id)
        .load(c))?;
    if over.is_empty() {
        return Ok(());
    }
    statement!(tx, |c| diesel::delete(sessions::table)
        .filter(sessions::user_id.one_of(&over))
        .execute(c))?;
    statement!(tx, |c| diesel::delete(users::table)
        .filter(users::id.one_of(&over))
        .execute(c))?;
    Ok(())
}

/// Removes those of these people of an identity provider who were unseen since this moment and have
/// no session.
pub(crate) async fn forget_unseen(
    tx: &mut Writer<'_>,
    ids: &[UserId],
    before: i64,
) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let with_session = sessions::table
        .filter(sessions::user_id.one_of(ids))
        .select(sessions::user_id);
    statement!(tx, |c| diesel::delete(users::table)
        .filter(users::id.one_of(ids))
        .filter(users::subject.is_not_null())
        .filter(users::seen_at.lt(before))
        .filter(users::id.ne_all(with_session))
        .execute(c))?;
    Ok(())
}
