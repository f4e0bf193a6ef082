//! Who owns a room, and who is next.
//!
//! Only accounts that were not deleted may own one. `members.may_own` says so of each member, so that
//! neither guests nor the deleted are walked over; it is false for sure, and true until somebody looks:
//! sessions alone knows who has been deleted in this moment.

use super::codes::Code as _;
use super::schema::members;
use crate::api::{Role, RoomId, RoomKey};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use sessions::api::{UserId, directory};
use storage::prelude::*;

/// Members of a room who may own it.
#[diesel::dsl::auto_type(no_type_alias)]
fn eligible(room: i64) -> _ {
    members::table
        .filter(members::room_id.eq(room))
        .filter(members::may_own)
        .select(members::user_id)
}

/// Those who own a room, at most `max`.
pub(crate) async fn owners(
    access: &mut impl Access,
    room: RoomId,
    max: i64,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| eligible(room.0)
        .filter(members::role.eq(Role::Owner.code()))
        .limit(max)
        .load(c))?)
}

/// Those next in line for a room, at most `max`: the highest role first, of equals whoever joined
/// first. Owners are first of all.
pub(crate) async fn in_line(
    access: &mut impl Access,
    room: RoomId,
    max: i64,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| eligible(room.0)
        .order((members::role.desc(), members::joined_seq.asc()))
        .limit(max)
        .load(c))?)
}

/// Notes that these members may own a room no more.
pub(crate) async fn are_over(
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

#[derive(QueryableByName)]
struct Owned {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Nullable<Binary>)]
    owner: Option<UserId>,
    #[diesel(sql_type = Bool)]
    has_heirs: bool,
}

/// Rooms that people own (3 is the kind of direct ones, and the role of owners), each with one of its
/// owners, and whether anyone may own it.
const OWNED: &str = "SELECT r.id, r.key,
        (SELECT m.user_id FROM members m WHERE m.room_id = r.id AND m.may_own AND m.role = 3
            ORDER BY m.joined_seq LIMIT 1) AS owner,
        EXISTS (SELECT 1 FROM members m WHERE m.room_id = r.id AND m.may_own) AS has_heirs
    FROM rooms r WHERE r.id > $1 AND r.kind <> 3 AND r.creator IS NOT NULL ORDER BY r.id LIMIT $2";

/// Some rooms, of which those are to be looked at that may have no living owner.
pub(crate) struct Survey {
    pub(crate) suspects: Vec<RoomKey>,
    /// The last room of these; none: there are no more.
    pub(crate) last: Option<RoomId>,
}

/// Looks at the rooms after this one, at most `max`.
pub(crate) async fn survey(
    access: &mut impl Access,
    after: RoomId,
    max: i64,
) -> Result<Survey, Fault> {
    let rooms: Vec<Owned> = query!(access, |c| diesel::sql_query(OWNED)
        .bind::<BigInt, _>(after.0)
        .bind::<BigInt, _>(max)
        .load(c))?;
    let owners: Vec<UserId> = rooms.iter().filter_map(|room| room.owner).collect();
    let living = directory::living(access, &owners).await?;
    let last = rooms.last().map(|room| RoomId(room.id));
    let suspects = rooms.into_iter().filter(|room| match &room.owner {
        Some(owner) => !living.contains(owner),
        None => room.has_heirs,
    });
    Ok(Survey {
        suspects: suspects.map(|room| RoomKey(room.key.into())).collect(),
        last,
    })
}
