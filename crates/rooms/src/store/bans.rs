//! Bans: who may not join a room, and the `banned` entry.

use super::remove_of_users::remove_of_users;
use super::schema::bans;
use crate::api::{RoomId, Seq};
use sessions::api::UserId;
use storage::prelude::*;

/// Returns the `banned` entry of a person who is banned from a room.
pub(crate) async fn find(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
) -> Result<Option<Seq>, Fault> {
    Ok(query!(access, |c| bans::table
        .find((room.0, user))
        .select(bans::seq)
        .first(c))
    .optional()?)
}

/// Adds a ban; fails if there is one.
pub(crate) async fn insert(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    seq: Seq,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(bans::table)
        .values((
            bans::room_id.eq(room.0),
            bans::user_id.eq(user),
            bans::seq.eq(seq)
        ))
        .execute(c))?;
    Ok(())
}

/// Removes a ban; returns false if there was none.
pub(crate) async fn remove(tx: &mut Writer<'_>, room: RoomId, user: UserId) -> Result<bool, Fault> {
    let removed = statement!(tx, |c| diesel::delete(bans::table)
        .filter(bans::room_id.eq(room.0))
        .filter(bans::user_id.eq(user))
        .execute(c))?;
    Ok(removed > 0)
}

remove_of_users!(bans);
