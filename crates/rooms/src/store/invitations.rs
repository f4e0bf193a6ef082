//! Pending invitations: who may join a room, and who invited them.

use super::codes::Code as _;
use super::remove_of_users::remove_of_users;
use super::schema::{invitations, members};
use crate::api::{Role, RoomId, Seq};
use sessions::api::UserId;
use storage::prelude::*;

/// A pending invitation of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) room: RoomId,
    /// The `invited` entry.
    pub(crate) seq: Seq,
    /// The inviter; `None` if the log no longer recorded one when this table was created.
    pub(crate) by: Option<UserId>,
}

/// Returns the `invited` entry of a person who is invited to a room.
pub(crate) async fn find(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
) -> Result<Option<Seq>, Fault> {
    Ok(query!(access, |c| invitations::table
        .find((room.0, user))
        .select(invitations::seq)
        .first(c))
    .optional()?)
}

/// Returns a person's invitations ordered by room, at most `limit`.
pub(crate) async fn of(
    access: &mut impl Access,
    user: UserId,
    limit: usize,
) -> Result<Vec<Invitation>, Fault> {
    let found: Vec<(i64, i64, Option<UserId>)> = query!(access, |c| invitations::table
        .filter(invitations::user_id.eq(user))
        .order(invitations::room_id)
        .select((invitations::room_id, invitations::seq, invitations::by_id))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c))?;
    let invitation = |(room, seq, by)| Invitation {
        room: RoomId(room),
        seq,
        by,
    };
    Ok(found.into_iter().map(invitation).collect())
}

/// Adds an invitation; fails if there is one for this person and room.
pub(crate) async fn insert(
    tx: &mut Writer<'_>,
    user: UserId,
    Invitation { room, seq, by }: Invitation,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(invitations::table)
        .values((
            invitations::room_id.eq(room.0),
            invitations::user_id.eq(user),
            invitations::seq.eq(seq),
            invitations::by_id.eq(by),
        ))
        .execute(c))?;
    Ok(())
}

/// Records `by` as the inviter of an existing invitation.
pub(crate) async fn set_inviter(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    by: UserId,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(invitations::table)
        .filter(invitations::room_id.eq(room.0))
        .filter(invitations::user_id.eq(user))
        .set(invitations::by_id.eq(by))
        .execute(c))?;
    Ok(())
}

/// Removes an invitation; returns false if there was none.
pub(crate) async fn remove(tx: &mut Writer<'_>, room: RoomId, user: UserId) -> Result<bool, Fault> {
    let removed = statement!(tx, |c| diesel::delete(invitations::table)
        .filter(invitations::room_id.eq(room.0))
        .filter(invitations::user_id.eq(user))
        .execute(c))?;
    Ok(removed > 0)
}

/// Removes all invitations to a room by this inviter.
pub(crate) async fn remove_by(tx: &mut Writer<'_>, room: RoomId, by: UserId) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(invitations::table)
        .filter(invitations::room_id.eq(room.0))
        .filter(invitations::by_id.eq(by))
        .execute(c))?;
    Ok(())
}

/// Removes all invitations to a room whose inviter is not a moderator or owner of it.
pub(crate) async fn remove_by_members(tx: &mut Writer<'_>, room: RoomId) -> Result<(), Fault> {
    let moderators: Vec<UserId> = query!(tx, |c| members::table
        .filter(members::room_id.eq(room.0))
        .filter(members::role.ge(Role::Moderator.code()))
        .select(members::user_id)
        .load(c))?;
    statement!(tx, |c| diesel::delete(invitations::table)
        .filter(invitations::room_id.eq(room.0))
        .filter(
            invitations::by_id
                .is_null()
                .or(invitations::by_id.ne_all(&moderators))
        )
        .execute(c))?;
    Ok(())
}

remove_of_users!(invitations);
