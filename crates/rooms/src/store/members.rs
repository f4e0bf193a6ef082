//! Who is a member of what.

use super::codes::Code as _;
use super::schema::members;
use crate::api::{Role, RoomId, Seq};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::list::Rows;
use storage::prelude::*;

/// One membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// As what, without what a server administrator is besides.
    pub(crate) role: Role,
    /// The entry of joining, of the present stay.
    pub(crate) joined_seq: Seq,
    /// Muted until, ms since 1970; may have passed.
    pub(crate) muted_until: Option<i64>,
    /// False in a direct room that the other one opened and this one has not answered.
    pub(crate) answered: bool,
}

/// The columns of a [`Member`].
type Columns = (i16, i64, Option<i64>, i16);

impl Member {
    fn of((role, joined_seq, muted_until, answered): Columns) -> Result<Self, Fault> {
        Ok(Self {
            role: Role::decode(role)?,
            joined_seq,
            muted_until,
            answered: answered != 0,
        })
    }
}

type Pair = (BigInt, Binary, SmallInt, BigInt, Nullable<BigInt>, SmallInt);
type PairRow = (i64, UserId, i16, i64, Option<i64>, i16);

/// Those of these people who are members of these rooms, pair by pair. One query.
pub(crate) async fn of(
    access: &mut impl Access,
    pairs: &[(RoomId, UserId)],
) -> Result<HashMap<(RoomId, UserId), Member>, Fault> {
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<PairRow> = query!(access, |c| wanted(pairs).load(c))?;
    found
        .into_iter()
        .map(|(room, user, role, joined_seq, muted_until, answered)| {
            let member = Member::of((role, joined_seq, muted_until, answered))?;
            Ok(((RoomId(room), user), member))
        })
        .collect()
}

fn wanted(pairs: &[(RoomId, UserId)]) -> Rows<'_, Pair> {
    let rooms = pairs.iter().map(|(room, _)| room.0);
    let users = pairs.iter().map(|(_, user)| &user.0[..]);
    Rows::new(
        vec![("room", rooms.collect()), ("person", users.collect())],
        "SELECT m.room_id, m.user_id, m.role, m.joined_seq, m.muted_until, m.answered \
         FROM w CROSS JOIN members m WHERE m.room_id = w.room AND m.user_id = w.person",
    )
}

/// How one person stands in one room.
pub(crate) async fn find(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
) -> Result<Option<Member>, Fault> {
    let row: Option<Columns> = query!(access, |c| members::table
        .find((room.0, user))
        .select((
            members::role,
            members::joined_seq,
            members::muted_until,
            members::answered
        ))
        .first(c))
    .optional()?;
    row.map(Member::of).transpose()
}

/// How many rooms someone is a member of.
pub(crate) async fn count_of(access: &mut impl Access, user: UserId) -> Result<usize, Fault> {
    let count: i64 = query!(access, |c| members::table
        .filter(members::user_id.eq(user))
        .count()
        .get_result(c))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// How many rooms someone has chosen to be in: a direct room that others opened does not count until
/// it is answered.
pub(crate) async fn chosen_by(access: &mut impl Access, user: UserId) -> Result<usize, Fault> {
    let count: i64 = query!(access, |c| members::table
        .filter(members::user_id.eq(user))
        .filter(members::answered.ne(0))
        .count()
        .get_result(c))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// A place of someone in a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) room: RoomId,
    pub(crate) user: UserId,
    pub(crate) member: Member,
}

/// Ids given to one statement at most.
const IDS_AT_ONCE: usize = 1_000;

/// Every place of these people.
pub(crate) async fn places(
    access: &mut impl Access,
    users: &[UserId],
) -> Result<Vec<Place>, Fault> {
    let mut places = Vec::new();
    for users in users.chunks(IDS_AT_ONCE) {
        let found: Vec<PairRow> = query!(access, |c| members::table
            .filter(members::user_id.one_of(users))
            .select((
                members::room_id,
                members::user_id,
                members::role,
                members::joined_seq,
                members::muted_until,
                members::answered
            ))
            .load(c))?;
        for (room, user, role, joined_seq, muted_until, answered) in found {
            places.push(Place {
                room: RoomId(room),
                user,
                member: Member::of((role, joined_seq, muted_until, answered))?,
            });
        }
    }
    Ok(places)
}

/// How many are in a room.
pub(crate) async fn count_in(access: &mut impl Access, room: RoomId) -> Result<u64, Fault> {
    let count: i64 = query!(access, |c| members::table
        .filter(members::room_id.eq(room.0))
        .count()
        .get_result(c))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The next in a room by id, after this one.
pub(crate) async fn after(
    access: &mut impl Access,
    room: RoomId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<(UserId, Member)>, Fault> {
    // Nobody's id is lower.
    let after = after.unwrap_or(UserId([0; 16]));
    let found: Vec<(UserId, Columns)> = query!(access, |c| members::table
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.gt(after))
        .order(members::user_id)
        .select((
            members::user_id,
            (
                members::role,
                members::joined_seq,
                members::muted_until,
                members::answered
            )
        ))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c))?;
    let found = found.into_iter();
    found
        .map(|(user, columns)| Ok((user, Member::of(columns)?)))
        .collect()
}

/// Adds a member.
pub(crate) async fn insert(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    member: Member,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(members::table)
        .values((
            members::room_id.eq(room.0),
            members::user_id.eq(user),
            members::role.eq(member.role.code()),
            members::joined_seq.eq(member.joined_seq),
            members::muted_until.eq(member.muted_until),
            members::answered.eq(i16::from(member.answered)),
        ))
        .execute(c))?;
    Ok(())
}

/// Takes a member out.
pub(crate) async fn remove(tx: &mut Writer<'_>, room: RoomId, user: UserId) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.eq(user))
        .execute(c))?;
    Ok(())
}

/// Changes a member's role.
pub(crate) async fn set_role(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    role: Role,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.eq(user))
        .set(members::role.eq(role.code()))
        .execute(c))?;
    Ok(())
}

/// Notes that a member has answered a direct room.
pub(crate) async fn set_answered(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.eq(user))
        .set(members::answered.eq(1))
        .execute(c))?;
    Ok(())
}

/// Mutes a member until then, or lets it speak again.
pub(crate) async fn set_mute(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: UserId,
    until: Option<i64>,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.eq(user))
        .set(members::muted_until.eq(until))
        .execute(c))?;
    Ok(())
}

/// How many owners a room has.
pub(crate) async fn owners(access: &mut impl Access, room: RoomId) -> Result<usize, Fault> {
    let owners: i64 = query!(access, |c| members::table
        .filter(members::room_id.eq(room.0))
        .filter(members::role.eq(Role::Owner.code()))
        .count()
        .get_result(c))?;
    Ok(usize::try_from(owners).unwrap_or(0))
}

/// Looked at for someone who may own a room: guests may not.
const HEIRS_MAX: i64 = 100;

/// Those next in line for a room: the highest roles first, of equals whoever joined first.
pub(crate) async fn heirs(
    access: &mut impl Access,
    room: RoomId,
    leaver: UserId,
) -> Result<Vec<UserId>, Fault> {
    Ok(query!(access, |c| members::table
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.ne(leaver))
        .order((members::role.desc(), members::joined_seq.asc()))
        .select(members::user_id)
        .limit(HEIRS_MAX)
        .load(c))?)
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use crate::api::RoomId;
    use crate::store::plan;
    use sessions::api::UserId;

    #[test]
    fn however_many_are_asked_for_the_members_are_not_read_through() {
        for many in [1, 64, 256, 1_024] {
            let pairs: Vec<_> = (0..many).map(|n| (RoomId(n), UserId([0; 16]))).collect();
            let plan = plan::of(&wanted(&pairs));
            assert!(
                plan.contains("SEARCH m USING PRIMARY KEY"),
                "{many}: {plan}"
            );
        }
    }
}
