//! Mutes. A mute outlasts the membership, and the retention of its `muted` entry.

use super::remove_of_users::remove_of_users;
use super::schema::mutes;
use crate::api::{RoomId, Seq};
use sessions::api::UserId;
use storage::prelude::*;

/// A mute; may have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mute {
    /// The `muted` entry; 0 if it was no longer in the log when this table was created.
    pub(crate) seq: Seq,
    /// When it ends, ms since 1970.
    pub(crate) until_ms: i64,
}

/// Returns a person's mute in a room, if it is in effect at `now`.
pub(crate) async fn find_active(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
    now: i64,
) -> Result<Option<Mute>, Fault> {
    let row: Option<(i64, i64)> = query!(access, |c| mutes::table
        .find((room.0, user))
        .select((mutes::seq, mutes::until_ms))
        .first(c))
    .optional()?;
    let mute = row.map(|(seq, until_ms)| Mute { seq, until_ms });
    Ok(mute.filter(|mute| mute.until_ms > now))
}

/// Adds a mute or replaces the earlier one.
pub(crate) async fn upsert(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    mute: Mute,
) -> Result<(), Fault> {
    let now = (mutes::seq.eq(mute.seq), mutes::until_ms.eq(mute.until_ms));
    statement!(tx, |c| diesel::insert_into(mutes::table)
        .values((mutes::room_id.eq(room.0), mutes::user_id.eq(user), now))
        .on_conflict((mutes::room_id, mutes::user_id))
        .do_update()
        .set(now)
        .execute(c))?;
    Ok(())
}

/// Removes a mute, if there is one.
pub(crate) async fn remove(tx: &mut Writer<'_>, room: RoomId, user: UserId) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(mutes::table)
        .filter(mutes::room_id.eq(room.0))
        .filter(mutes::user_id.eq(user))
        .execute(c))?;
    Ok(())
}

remove_of_users!(mutes);
