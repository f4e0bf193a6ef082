//! Who owns a room, and who is next in line.
//!
//! Only accounts that are not deleted may own a room. `members.may_own` caches this, so that queries
//! skip guests and deleted accounts. Either may be outdated for a moment, since only sessions knows whether an
//! account has just been deleted or was a guest: who takes a true for granted asks there.

use super::codes::Code as _;
use super::schema::members;
use crate::api::{Role, RoomId, RoomKey};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use sessions::api::{UserId, directory};
use storage::prelude::*;

#[diesel::dsl::auto_type(no_type_alias)]
fn owners_of(room: i64, owner: i16) -> _ {
    members::table
        .filter(members::room_id.eq(room))
        .filter(members::may_own)
        .filter(members::role.eq(owner))
        // Without an order SQLite would scan all members.
        .order((members::role.desc(), members::joined_seq.asc()))
        .select(members::user_id)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn candidates_of(room: i64) -> _ {
    members::table
        .filter(members::room_id.eq(room))
        .filter(members::may_own)
        .order((members::role.desc(), members::joined_seq.asc()))
        .select(members::user_id)
}

/// Returns at most `max` owners of a room; deleted accounts may be among them.
pub(crate) async fn owners(
    access: &mut impl Access,
    room: RoomId,
    max: i64,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| owners_of(room.0, Role::Owner.code())
        .limit(max)
        .load(c))?)
}

/// Returns at most `max` members who may own a room: the highest role first, owners included, and within
/// a role whoever joined first.
pub(crate) async fn candidates(
    access: &mut impl Access,
    room: RoomId,
    max: i64,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| candidates_of(room.0)
        .limit(max)
        .load(c))?)
}

/// Records that these members may no longer own the room.
pub(crate) async fn mark_ineligible(
    tx: &mut Writer<'_>,
    room: RoomId,
    users: &[UserId],
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.one_of(users))
        .set(members::may_own.eq(false))
        .execute(c))?;
    Ok(())
}

/// Records that these people may own the rooms that they are in.
pub(crate) async fn mark_eligible(tx: &mut Writer<'_>, users: &[UserId]) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::user_id.one_of(users))
        .filter(members::may_own.eq(false))
        .set(members::may_own.eq(true))
        .execute(c))?;
    Ok(())
}

#[derive(QueryableByName)]
struct FirstInLineRow {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    first: Option<UserId>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    role: Option<i16>,
}

/// Selects the rooms that people own (kind 3 is direct rooms), each with the first member in line and
/// that member's role: an owner, if there is one.
const OWNED: &str = "SELECT r.id, r.key,
        (SELECT m.user_id FROM members m WHERE m.room_id = r.id AND m.may_own
            ORDER BY m.role DESC, m.joined_seq LIMIT 1) AS first,
        (SELECT m.role FROM members m WHERE m.room_id = r.id AND m.may_own
            ORDER BY m.role DESC, m.joined_seq LIMIT 1) AS role
    FROM rooms r WHERE r.id > $1 AND r.kind <> 3 AND r.creator IS NOT NULL ORDER BY r.id LIMIT $2";

/// A page of all rooms: those on it that have a candidate but may have no living owner.
pub(crate) struct OwnerSurvey {
    pub(crate) ownerless: Vec<RoomKey>,
    /// The last room of the page; `None` if there are no more rooms.
    pub(crate) last: Option<RoomId>,
}

/// Reads the page of at most `max` rooms after the room `after`.
pub(crate) async fn survey(
    access: &mut impl Access,
    after: RoomId,
    max: i64,
) -> Result<OwnerSurvey, Fault> {
    let rooms: Vec<FirstInLineRow> = query!(access, |c| diesel::sql_query(OWNED)
        .bind::<BigInt, _>(after.0)
        .bind::<BigInt, _>(max)
        .load(c))?;
    let first: Vec<UserId> = rooms.iter().filter_map(|room| room.first).collect();
    let living = directory::living(access, &first).await?;
    let last = rooms.last().map(|room| RoomId(room.id));
    let ownerless = rooms.into_iter().filter(|room| {
        let is_owned = room.role == Some(Role::Owner.code());
        room.first
            .is_some_and(|first| !is_owned || !living.contains(&first))
    });
    Ok(OwnerSurvey {
        ownerless: ownerless.map(|room| RoomKey(room.key.into())).collect(),
        last,
    })
}
