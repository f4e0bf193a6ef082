//! What members want of a room, each for themselves alone. Kept with the membership, and gone with it.

use super::schema::members;
use crate::api::{Preferences, RoomId};
use sessions::api::UserId;
use storage::prelude::*;

impl From<(i64, bool)> for Preferences {
    fn from((quiet_until, favourite): (i64, bool)) -> Self {
        Self {
            quiet_until,
            favourite,
        }
    }
}

/// Returns a member's preferences; `None` for a non-member.
pub(crate) async fn of(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
) -> Result<Option<Preferences>, Fault> {
    let row: Option<(i64, bool)> = query!(access, |c| members::table
        .find((room.0, user))
        .select((members::quiet_until, members::favourite))
        .first(c))
    .optional()?;
    Ok(row.map(Preferences::from))
}

/// Replaces a member's preferences, if the person is one.
pub(crate) async fn set(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    preferences: Preferences,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.eq(user))
        .set((
            members::quiet_until.eq(preferences.quiet_until),
            members::favourite.eq(preferences.favourite),
        ))
        .execute(c))?;
    Ok(())
}

/// Removes the preferences of these people in all rooms.
pub(crate) async fn remove_of_users(tx: &mut Writer<'_>, users: &[UserId]) -> Result<(), Fault> {
    let kept = members::quiet_until.ne(0).or(members::favourite);
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::user_id.one_of(users))
        .filter(kept)
        .set((members::quiet_until.eq(0), members::favourite.eq(false)))
        .execute(c))?;
    Ok(())
}
