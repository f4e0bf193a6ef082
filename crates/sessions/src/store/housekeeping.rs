//! Rows that housekeeping looks for: each query reads a share, whatever the tables hold.

use super::tables::{sessions, users};
use super::users::UserRow;
use crate::api::UserId;
use storage::prelude::*;

/// One text for the query and for the test of its plan.
macro_rules! stale {
    ($before:expr, $max:expr) => {
        users::table
            .filter(users::guest)
            .filter(users::ended_at.is_null())
            .filter(users::seen_at.lt($before))
            .order(users::seen_at)
            .limit($max)
    };
}

macro_rules! ended {
    ($after:expr, $max:expr) => {
        users::table
            .filter(users::ended_at.is_not_null())
            .filter(users::id.gt($after))
            .order(users::id)
            .limit($max)
    };
}

macro_rules! vouched {
    ($after:expr, $max:expr) => {
        users::table
            .filter(users::subject.is_not_null())
            .filter(users::ended_at.is_null())
            .filter(users::id.gt($after))
            .order(users::id)
            .limit($max)
    };
}

/// Living guests who were last seen before this moment, at most `max`, the longest unseen first.
/// Some may be connected: nobody notes again and again that these are seen.
pub(crate) async fn stale_guests(
    access: &mut impl Access,
    before: i64,
    max: i64,
) -> Result<Vec<UserRow>, Fault> {
    Ok(query!(access, |c| stale!(before, max)
        .select(UserRow::as_select())
        .load(c))?)
}

/// People who have ended, in the order of their ids from this one on, at most `max`.
pub(crate) async fn ended_after(
    access: &mut impl Access,
    after: UserId,
    max: i64,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| ended!(after, max)
        .select(users::id)
        .load(c))?)
}

/// Living people of identity providers and when they were last seen, in the order of their ids from
/// this one on, at most `max`.
pub(crate) async fn vouched_after(
    access: &mut impl Access,
    after: UserId,
    max: i64,
) -> Result<Vec<(UserId, i64)>, Fault> {
    Ok(query!(access, |c| vouched!(after, max)
        .select((users::id, users::seen_at))
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

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    #[test]
    fn a_share_is_read_along_an_index_and_never_sorted() {
        let id = UserId([7; 16]);
        let plans = [
            (
                "users_guests_seen",
                plan::of(&stale!(9, 500).select(users::id)),
            ),
            ("users_ended", plan::of(&ended!(id, 200).select(users::id))),
            (
                "users_vouched",
                plan::of(&vouched!(id, 200).select(users::id)),
            ),
        ];
        for (index, plan) in plans {
            assert!(plan.contains(&format!("INDEX {index} ")), "{index}: {plan}");
            assert!(!plan.contains("B-TREE"), "{index}: {plan}");
        }
    }
}
