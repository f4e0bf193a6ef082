//! Queries on sessions and their connected marks.

#![expect(
    clippy::ref_option_ref,
    reason = "the derive of Insertable names such types"
)]

use super::schema::{sessions, users};
use super::users::UserRow;
use crate::api::{Caller, SessionId, UserId};
use crate::presence::ConnectedSession;
use crate::secret::TokenHash;
use storage::prelude::*;

/// A session's row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) device: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) connected_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
}

/// A session that has not ended, with its user.
#[derive(Debug, Clone)]
pub(crate) struct LiveSession {
    pub(crate) session: SessionRow,
    pub(crate) user: UserRow,
}

impl LiveSession {
    /// Returns the caller for commands of this session.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            user: self.user.user(),
            session: self.session.id,
            admin: self.user.admin,
        }
    }

    /// Whether its token alone no longer resumes it.
    pub(crate) fn is_expired(&self, now: i64) -> bool {
        self.session.expires_at.is_some_and(|at| at <= now)
    }
}

/// The row of a new session.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = sessions)]
// Keeps the SQL the same whichever values are null, so that it is prepared once.
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) device: Option<&'a str>,
    pub(crate) created_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) connected_at: Option<i64>,
}

/// Inserts new sessions.
pub(crate) async fn insert(tx: &mut Writer<'_>, new: &[NewSession<'_>]) -> Result<(), Fault> {
    if new.is_empty() {
        return Ok(());
    }
    statement!(tx, |c| diesel::insert_into(sessions::table)
        .values(new)
        .execute(c))?;
    Ok(())
}

/// Returns the sessions with these tokens, if neither they nor their users have ended.
pub(crate) async fn by_token(
    access: &mut impl Access,
    hashes: &[TokenHash],
) -> Result<Vec<LiveSession>, Fault> {
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    let rows: Vec<(SessionRow, UserRow)> = query!(access, |c| sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.one_of(&hashes))
        .filter(sessions::ended_at.is_null())
        .filter(users::ended_at.is_null())
        .select((SessionRow::as_select(), UserRow::as_select()))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(session, user)| LiveSession { session, user })
        .collect())
}

/// Returns a session, ended or not.
pub(crate) async fn by_id(
    access: &mut impl Access,
    session: SessionId,
) -> Result<Option<SessionRow>, Fault> {
    Ok(query!(access, |c| sessions::table
        .find(session)
        .select(SessionRow::as_select())
        .first(c))
    .optional()?)
}

/// Marks these sessions as connected and seen now.
pub(crate) async fn connected(
    tx: &mut Writer<'_>,
    ids: &[SessionId],
    now: i64,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::id.one_of(ids))
        .set((sessions::connected_at.eq(now), sessions::seen_at.eq(now)))
        .execute(c))?;
    Ok(())
}

/// Changes a session's name in the list of devices.
pub(crate) async fn rename_device(
    tx: &mut Writer<'_>,
    session: SessionId,
    device: &str,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::id.eq(session))
        .set(sessions::device.eq(device))
        .execute(c))?;
    Ok(())
}

/// Changes the time after which the token alone no longer resumes the session.
pub(crate) async fn extend(
    tx: &mut Writer<'_>,
    session: SessionId,
    expires_at: i64,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::id.eq(session))
        .set(sessions::expires_at.eq(expires_at))
        .execute(c))?;
    Ok(())
}

/// Returns the connected marks of these sessions; those without a mark are absent.
pub(crate) async fn marks(
    access: &mut impl Access,
    ids: &[SessionId],
) -> Result<Vec<(SessionId, i64)>, Fault> {
    Ok(query!(access, |c| sessions::table
        .filter(sessions::id.one_of(ids))
        .filter(sessions::connected_at.is_not_null())
        .select((sessions::id, sessions::connected_at.assume_not_null()))
        .load(c))?)
}

/// Returns all sessions marked as connected, including ended ones.
pub(crate) async fn all_connected(
    access: &mut impl Access,
) -> Result<Vec<ConnectedSession>, Fault> {
    let rows: Vec<(SessionId, i64, UserRow)> = query!(access, |c| sessions::table
        .inner_join(users::table)
        .filter(sessions::connected_at.is_not_null())
        .select((
            sessions::id,
            sessions::connected_at.assume_not_null(),
            UserRow::as_select()
        ))
        .load(c))?;
    let marked = rows
        .into_iter()
        .map(|(session, connected_at, user)| ConnectedSession {
            session,
            user: user.user(),
            connected_at,
        });
    Ok(marked.collect())
}

/// Clears the connected marks of these sessions and notes them as seen now.
pub(crate) async fn disconnected(
    tx: &mut Writer<'_>,
    ids: &[SessionId],
    now: i64,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::id.one_of(ids))
        .set((
            sessions::connected_at.eq(None::<i64>),
            sessions::seen_at.eq(now)
        ))
        .execute(c))?;
    Ok(())
}

/// Notes that these sessions have just been seen.
pub(crate) async fn seen(tx: &mut Writer<'_>, ids: &[SessionId], now: i64) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::id.one_of(ids))
        .set(sessions::seen_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Notes that all sessions marked as connected have been seen until now.
pub(crate) async fn all_connected_seen(tx: &mut Writer<'_>, now: i64) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::connected_at.is_not_null())
        .set(sessions::seen_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Ends these sessions; ignores those that have already ended.
pub(crate) async fn end(tx: &mut Writer<'_>, ids: &[SessionId], now: i64) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    statement!(tx, |c| diesel::update(sessions::table)
        .filter(sessions::id.one_of(ids))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Returns sessions that have neither ended nor a connection and were last seen before `before`, at
/// most `max`.
pub(crate) async fn stale(
    access: &mut impl Access,
    before: i64,
    max: i64,
) -> Result<Vec<(SessionId, UserId)>, Fault> {
    Ok(query!(access, |c| sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::connected_at.is_null())
        .filter(sessions::seen_at.lt(before))
        .order(sessions::seen_at)
        .limit(max)
        .select((sessions::id, sessions::user_id))
        .load(c))?)
}

/// Removes these sessions.
pub(crate) async fn forget(tx: &mut Writer<'_>, ids: &[SessionId]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    statement!(tx, |c| diesel::delete(sessions::table)
        .filter(sessions::id.one_of(ids))
        .execute(c))?;
    Ok(())
}

/// Removes sessions that ended before `before`, at most `max`; returns how many.
pub(crate) async fn forget_ended(
    tx: &mut Writer<'_>,
    before: i64,
    max: i64,
) -> Result<usize, Fault> {
    let old: Vec<SessionId> = query!(tx, |c| sessions::table
        .filter(sessions::ended_at.lt(before))
        .filter(sessions::connected_at.is_null())
        .order(sessions::ended_at)
        .limit(max)
        .select(sessions::id)
        .load(c))?;
    forget(tx, &old).await?;
    Ok(old.len())
}
