//! Memberships: who is a member of which room.

use super::codes::Code as _;
use super::schema::{members, rooms};
use crate::api::{Preferences, Role, RoomId, Seq};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt};
use sessions::api::{User, UserId};
use std::collections::HashMap;
use storage::list::Rows;
use storage::prelude::*;

/// A membership, without its room and person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberRecord {
    /// The role, without the rights of a server administrator.
    pub(crate) role: Role,
    /// The member's latest `joined` entry.
    pub(crate) joined_seq: Seq,
    /// When the mute ends, ms since 1970; may have passed.
    pub(crate) muted_until: Option<i64>,
    /// False in a direct room that the other person opened and this one has not answered.
    pub(crate) answered: bool,
}

/// The columns of a [`MemberRecord`].
type MemberColumns = (i16, i64, Option<i64>, i16);

impl MemberRecord {
    fn of((role, joined_seq, muted_until, answered): MemberColumns) -> Result<Self, Fault> {
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

/// Returns the memberships among these pairs of room and person, in one query.
pub(crate) async fn by_pairs(
    access: &mut impl Access,
    pairs: &[(RoomId, UserId)],
) -> Result<HashMap<(RoomId, UserId), MemberRecord>, Fault> {
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<PairRow> = query!(access, |c| wanted(pairs).load(c))?;
    found
        .into_iter()
        .map(|(room, user, role, joined_seq, muted_until, answered)| {
            let member = MemberRecord::of((role, joined_seq, muted_until, answered))?;
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

/// Returns a person's membership in a room.
pub(crate) async fn find(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
) -> Result<Option<MemberRecord>, Fault> {
    let row: Option<MemberColumns> = query!(access, |c| members::table
        .find((room.0, user))
        .select((
            members::role,
            members::joined_seq,
            members::muted_until,
            members::answered
        ))
        .first(c))
    .optional()?;
    row.map(MemberRecord::of).transpose()
}

/// Counts the rooms that a person is a member of.
pub(crate) async fn count_rooms(access: &mut impl Access, user: UserId) -> Result<usize, Fault> {
    let count: i64 = query!(access, |c| members::table
        .filter(members::user_id.eq(user))
        .count()
        .get_result(c))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Counts the rooms that a person has chosen to be in: direct rooms that others opened count only once
/// answered.
pub(crate) async fn count_chosen_rooms(
    access: &mut impl Access,
    user: UserId,
) -> Result<usize, Fault> {
    let count: i64 = query!(access, |c| members::table
        .filter(members::user_id.eq(user))
        .filter(members::answered.ne(0))
        .count()
        .get_result(c))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// A membership with its room and person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MembershipRow {
    pub(crate) room: RoomId,
    pub(crate) user: UserId,
    pub(crate) member: MemberRecord,
    /// As recorded; true may be outdated: [`super::owners`].
    pub(crate) may_own: bool,
    pub(crate) preferences: Preferences,
}

/// The maximum number of ids in one statement.
const IDS_AT_ONCE: usize = 1_000;

/// Returns all memberships of these people.
pub(crate) async fn of_users(
    access: &mut impl Access,
    users: &[UserId],
) -> Result<Vec<MembershipRow>, Fault> {
    let mut memberships = Vec::new();
    for users in users.chunks(IDS_AT_ONCE) {
        let found: Vec<(PairRow, bool, (i64, bool))> = query!(access, |c| members::table
            .filter(members::user_id.one_of(users))
            .select((
                (
                    members::room_id,
                    members::user_id,
                    members::role,
                    members::joined_seq,
                    members::muted_until,
                    members::answered
                ),
                members::may_own,
                (members::quiet_until, members::favourite)
            ))
            .load(c))?;
        for (pair, may_own, preferences) in found {
            let (room, user, role, joined_seq, muted_until, answered) = pair;
            memberships.push(MembershipRow {
                room: RoomId(room),
                user,
                member: MemberRecord::of((role, joined_seq, muted_until, answered))?,
                may_own,
                preferences: preferences.into(),
            });
        }
    }
    Ok(memberships)
}

/// Returns at most `limit` members of a room ordered by id, after the person `after`.
pub(crate) async fn page_after(
    access: &mut impl Access,
    room: RoomId,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<(UserId, MemberRecord)>, Fault> {
    // No person has a lower id.
    let after = after.unwrap_or(UserId([0; 16]));
    let found: Vec<(UserId, MemberColumns)> = query!(access, |c| members::table
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
        .map(|(user, columns)| Ok((user, MemberRecord::of(columns)?)))
        .collect()
}

/// Adds a member and updates the room's count. The caller holds the room's lock.
pub(crate) async fn insert(
    tx: &mut Writer<'_>,
    room: RoomId,
    user: &User,
    member: MemberRecord,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(members::table)
        .values((
            members::room_id.eq(room.0),
            members::user_id.eq(user.id),
            members::role.eq(member.role.code()),
            members::joined_seq.eq(member.joined_seq),
            members::muted_until.eq(member.muted_until),
            members::answered.eq(i16::from(member.answered)),
            members::may_own.eq(!user.guest),
        ))
        .execute(c))?;
    add_to_count(tx, room, 1).await
}

/// Removes a member, if the person is one, and updates the room's count. The caller holds the room's
/// lock.
pub(crate) async fn remove(tx: &mut Writer<'_>, room: RoomId, user: UserId) -> Result<(), Fault> {
    let removed = statement!(tx, |c| diesel::delete(members::table)
        .filter(members::room_id.eq(room.0))
        .filter(members::user_id.eq(user))
        .execute(c))?;
    if removed == 0 {
        return Ok(());
    }
    add_to_count(tx, room, -1).await
}

async fn add_to_count(tx: &mut Writer<'_>, room: RoomId, more: i64) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(rooms::table)
        .filter(rooms::id.eq(room.0))
        .set(rooms::member_count.eq(rooms::member_count + more))
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

/// Records that a member has answered a direct room.
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

/// Mutes a member until the given time (ms since 1970), or unmutes them.
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
