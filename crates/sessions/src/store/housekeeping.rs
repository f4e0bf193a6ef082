//! The queries of housekeeping. Each reads a batch, however large the tables are.

use super::profiles;
use super::schema::{sessions, users};
use super::users::UserRow;
use crate::api::UserId;
use storage::prelude::*;

/// Returns guests who have not ended and were last seen before `before`, at most `max`, the longest
/// unseen first. Some may be connected: `seen_at` is not updated during a connection.
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

/// Returns ended users with ids above `after`, in the order of their ids, at most `max`.
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

/// Returns users of identity providers who have not ended, with ids above `after`, and when they
/// were last seen; in the order of their ids, at most `max`.
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

/// Removes the given users who have ended, and their sessions.
pub(crate) async fn forget_ended(tx: &mut Writer<'_>, ids: &[UserId]) -> Result<(), Fault> {
    let ended: Vec<UserId> = query!(tx, |c| users::table
        .filter(users::id.one_of(ids))
        .filter(users::ended_at.is_not_null())
        .select(users::id)
        .load(c))?;
    if ended.is_empty() {
        return Ok(());
    }
    statement!(tx, |c| diesel::delete(sessions::table)
        .filter(sessions::user_id.one_of(&ended))
        .execute(c))?;
    profiles::remove_of_users(tx, &ended).await?;
    statement!(tx, |c| diesel::delete(users::table)
        .filter(users::id.one_of(&ended))
        .execute(c))?;
    Ok(())
}

/// Removes the given users of an identity provider who were last seen before `before` and have no
/// session.
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
    let unseen: Vec<UserId> = query!(tx, |c| users::table
        .filter(users::id.one_of(ids))
        .filter(users::subject.is_not_null())
        .filter(users::seen_at.lt(before))
        .filter(users::id.ne_all(with_session))
        .select(users::id)
        .load(c))?;
    if unseen.is_empty() {
        return Ok(());
    }
    profiles::remove_of_users(tx, &unseen).await?;
    statement!(tx, |c| diesel::delete(users::table)
        .filter(users::id.one_of(&unseen))
        .filter(users::seen_at.lt(before))
        .execute(c))?;
    Ok(())
}
