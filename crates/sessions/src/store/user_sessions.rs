//! Queries on the sessions of one user, or of some users.

use super::schema::sessions;
use super::sessions::SessionRow;
use crate::api::{SessionId, UserId};
use std::collections::HashSet;
use storage::prelude::*;

/// Returns the ids of a user's sessions that have not ended.
pub(crate) async fn live_ids_of(
    access: &mut impl Access,
    user: UserId,
) -> Result<Vec<SessionId>, Fault> {
    Ok(query!(access, |c| sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(c))?)
}

/// Returns a user's sessions that have not ended, newest first, older than `after`, at most `max`.
/// Ids start with their creation time.
pub(crate) async fn page(
    access: &mut impl Access,
    user: UserId,
    after: Option<SessionId>,
    max: i64,
) -> Result<Vec<SessionRow>, Fault> {
    const LAST: SessionId = SessionId([0xff; 16]);
    Ok(query!(access, |c| sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.lt(after.unwrap_or(LAST)))
        .order(sessions::id.desc())
        .limit(max)
        .select(SessionRow::as_select())
        .load(c))?)
}

/// Counts a user's sessions that have not ended.
pub(crate) async fn count_live(access: &mut impl Access, user: UserId) -> Result<i64, Fault> {
    Ok(query!(access, |c| sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .count()
        .get_result(c))?)
}

/// Whether a session of this user that has not ended expires after this time.
pub(crate) async fn expires_after(
    access: &mut impl Access,
    user: UserId,
    time: i64,
) -> Result<bool, Fault> {
    let later: i64 = query!(access, |c| sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(time))
        .count()
        .get_result(c))?;
    Ok(later > 0)
}

/// Returns a user's sessions that have neither ended nor a connection, the longest unseen first.
pub(crate) async fn unconnected(
    access: &mut impl Access,
    user: UserId,
    max: usize,
) -> Result<Vec<SessionId>, Fault> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    Ok(query!(access, |c| sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::connected_at.is_null())
        .order((sessions::seen_at, sessions::id))
        .limit(max)
        .select(sessions::id)
        .load(c))?)
}

/// Whether a session of this user is marked as connected.
pub(crate) async fn is_connected(access: &mut impl Access, user: UserId) -> Result<bool, Fault> {
    let marked: i64 = query!(access, |c| sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::connected_at.is_not_null())
        .count()
        .get_result(c))?;
    Ok(marked > 0)
}

/// Returns which of `users` have a session marked as connected.
pub(crate) async fn with_connected_session(
    access: &mut impl Access,
    users: &[UserId],
) -> Result<HashSet<UserId>, Fault> {
    let connected: Vec<UserId> = query!(access, |c| sessions::table
        .filter(sessions::user_id.one_of(users))
        .filter(sessions::connected_at.is_not_null())
        .select(sessions::user_id)
        .load(c))?;
    Ok(connected.into_iter().collect())
}

/// Returns which of `users` have a session, ended or not.
pub(crate) async fn with_any_session(
    access: &mut impl Access,
    users: &[UserId],
) -> Result<HashSet<UserId>, Fault> {
    let found: Vec<UserId> = query!(access, |c| sessions::table
        .filter(sessions::user_id.one_of(users))
        .select(sessions::user_id)
        .load(c))?;
    Ok(found.into_iter().collect())
}

/// Removes all sessions of a user.
pub(crate) async fn forget_all(tx: &mut Writer<'_>, user: UserId) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(sessions::table)
        .filter(sessions::user_id.eq(user))
        .execute(c))?;
    Ok(())
}
