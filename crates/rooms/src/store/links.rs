//! Links, found by the hash of their code. Ended ones stay for a day, so that a repeat finds them.

use super::codes::Code as _;
use super::schema::{members, room_links};
use crate::api::{Role, RoomId};
use sessions::api::UserId;
use storage::prelude::*;

/// The SHA-256 of a code or of a client's id.
pub(crate) type Hash = [u8; 32];

/// A link as stored, without its room.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = room_links)]
pub(crate) struct LinkRecord {
    pub(crate) id: Vec<u8>,
    pub(crate) by_id: UserId,
    pub(crate) nonce: Vec<u8>,
    pub(crate) uses: Option<i64>,
    pub(crate) used: i64,
    pub(crate) until_ms: Option<i64>,
    pub(crate) made_at: i64,
    ended_at: Option<i64>,
}

impl LinkRecord {
    /// Returns whether it still works at `now`, as far as this table knows.
    pub(crate) fn works(&self, now: i64) -> bool {
        self.ended_at.is_none() && self.until_ms.is_none_or(|until| until > now)
    }
}

/// A link to add.
pub(crate) struct NewLink<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) room: RoomId,
    pub(crate) by: UserId,
    pub(crate) cid_hash: Hash,
    pub(crate) nonce: &'a [u8],
    pub(crate) code_hash: Hash,
    pub(crate) uses: Option<i64>,
    pub(crate) until_ms: Option<i64>,
    pub(crate) at: i64,
}

/// Adds a link.
pub(crate) async fn insert(tx: &mut Writer<'_>, new: &NewLink<'_>) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(room_links::table)
        .values((
            room_links::id.eq(new.id),
            room_links::room_id.eq(new.room.0),
            room_links::by_id.eq(new.by),
            room_links::cid_hash.eq(&new.cid_hash[..]),
            room_links::nonce.eq(new.nonce),
            room_links::code_hash.eq(&new.code_hash[..]),
            room_links::uses.eq(new.uses),
            room_links::until_ms.eq(new.until_ms),
            room_links::made_at.eq(new.at),
        ))
        .execute(c))?;
    Ok(())
}

/// Returns the link that a person made in a room under this `cid`.
pub(crate) async fn by_cid(
    access: &mut impl Access,
    room: RoomId,
    by: UserId,
    cid_hash: Hash,
) -> Result<Option<LinkRecord>, Fault> {
    Ok(query!(access, |c| room_links::table
        .filter(room_links::room_id.eq(room.0))
        .filter(room_links::by_id.eq(by))
        .filter(room_links::cid_hash.eq(&cid_hash[..]))
        .select(LinkRecord::as_select())
        .first(c))
    .optional()?)
}

/// Returns the link with this code, and its room.
pub(crate) async fn by_code(
    access: &mut impl Access,
    code_hash: Hash,
) -> Result<Option<(RoomId, LinkRecord)>, Fault> {
    let found: Option<(i64, LinkRecord)> = query!(access, |c| room_links::table
        .filter(room_links::code_hash.eq(&code_hash[..]))
        .select((room_links::room_id, LinkRecord::as_select()))
        .first(c))
    .optional()?;
    Ok(found.map(|(room, link)| (RoomId(room), link)))
}

/// Returns a link of a room by its id.
pub(crate) async fn find(
    access: &mut impl Access,
    room: RoomId,
    id: &[u8],
) -> Result<Option<LinkRecord>, Fault> {
    Ok(query!(access, |c| room_links::table
        .filter(room_links::id.eq(id))
        .filter(room_links::room_id.eq(room.0))
        .select(LinkRecord::as_select())
        .first(c))
    .optional()?)
}

/// Returns all links of a room, ended ones included. Their number is limited.
pub(crate) async fn of_room(
    access: &mut impl Access,
    room: RoomId,
) -> Result<Vec<LinkRecord>, Fault> {
    Ok(query!(access, |c| room_links::table
        .filter(room_links::room_id.eq(room.0))
        .select(LinkRecord::as_select())
        .load(c))?)
}

/// Removes the links of a room that ended before `before`.
pub(crate) async fn forget_ended(
    tx: &mut Writer<'_>,
    room: RoomId,
    before: i64,
) -> Result<(), Fault> {
    let ended = room_links::ended_at
        .lt(before)
        .or(room_links::until_ms.lt(before));
    statement!(tx, |c| diesel::delete(room_links::table)
        .filter(room_links::room_id.eq(room.0))
        .filter(ended)
        .execute(c))?;
    Ok(())
}

/// Counts one use, which ends the link if it is the last. The caller holds the room's lock and has seen
/// that the link works.
pub(crate) async fn count_use(
    tx: &mut Writer<'_>,
    link: &LinkRecord,
    now: i64,
) -> Result<(), Fault> {
    let used = link.used + 1;
    let ended_at = link.uses.filter(|uses| used >= *uses).map(|_| now);
    statement!(tx, |c| diesel::update(room_links::table)
        .filter(room_links::id.eq(&link.id))
        .set((room_links::used.eq(used), room_links::ended_at.eq(ended_at)))
        .execute(c))?;
    Ok(())
}

/// Ends a link.
pub(crate) async fn end(tx: &mut Writer<'_>, id: &[u8], now: i64) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(room_links::table)
        .filter(room_links::id.eq(id))
        .filter(room_links::ended_at.is_null())
        .set(room_links::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Ends all links to a room by this maker.
pub(crate) async fn end_by(
    tx: &mut Writer<'_>,
    room: RoomId,
    by: UserId,
    now: i64,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(room_links::table)
        .filter(room_links::room_id.eq(room.0))
        .filter(room_links::by_id.eq(by))
        .filter(room_links::ended_at.is_null())
        .set(room_links::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Ends all links to a room whose maker is not a moderator or owner of it.
pub(crate) async fn end_by_members(
    tx: &mut Writer<'_>,
    room: RoomId,
    now: i64,
) -> Result<(), Fault> {
    let moderators: Vec<UserId> = query!(tx, |c| members::table
        .filter(members::room_id.eq(room.0))
        .filter(members::role.ge(Role::Moderator.code()))
        .select(members::user_id)
        .load(c))?;
    statement!(tx, |c| diesel::update(room_links::table)
        .filter(room_links::room_id.eq(room.0))
        .filter(room_links::by_id.ne_all(&moderators))
        .filter(room_links::ended_at.is_null())
        .set(room_links::ended_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Removes the links of these people in all rooms.
pub(crate) async fn remove_of_users(tx: &mut Writer<'_>, users: &[UserId]) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(room_links::table)
        .filter(room_links::by_id.one_of(users))
        .execute(c))?;
    Ok(())
}
