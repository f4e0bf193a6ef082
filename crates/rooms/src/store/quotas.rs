//! Counts for the quotas of one person.

use super::codes::Code as _;
use super::schema::{members, rooms};
use crate::api::Kind;
use sessions::api::UserId;
use storage::prelude::*;

/// Counts the direct rooms that a person opened and the other one has not answered. A room that the
/// other one has left does not count.
pub(crate) async fn count_unanswered(
    access: &mut impl Access,
    opener: UserId,
) -> Result<usize, Fault> {
    let count: i64 = query!(access, |c| rooms::table
        .inner_join(members::table.on(members::room_id.eq(rooms::id)))
        .filter(rooms::creator.eq(opener))
        .filter(rooms::kind.eq(Kind::Direct.code()))
        .filter(members::answered.eq(0))
        .count()
        .get_result(c))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Returns the openers of the direct rooms that wait for this person's answer.
pub(crate) async fn openers_awaiting(
    access: &mut impl Access,
    user: UserId,
) -> Result<Vec<UserId>, Fault> {
    let openers: Vec<Option<UserId>> = query!(access, |c| members::table
        .inner_join(rooms::table.on(rooms::id.eq(members::room_id)))
        .filter(members::user_id.eq(user))
        .filter(members::answered.eq(0))
        .select(rooms::creator)
        .load(c))?;
    Ok(openers.into_iter().flatten().collect())
}

/// Counts the rooms that a person has created since a time (ms since 1970): direct rooms, or all
/// others.
pub(crate) async fn count_created_since(
    access: &mut impl Access,
    creator: UserId,
    direct: bool,
    since: i64,
) -> Result<usize, Fault> {
    let direct_code = Kind::Direct.code();
    let kinds: Vec<i16> = query!(access, |c| rooms::table
        .filter(rooms::creator.eq(creator))
        .filter(rooms::created_at.gt(since))
        .select(rooms::kind)
        .load(c))?;
    let kinds = kinds.into_iter();
    Ok(kinds
        .filter(|kind| (*kind == direct_code) == direct)
        .count())
}
