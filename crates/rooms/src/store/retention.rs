//! What is too old to be kept.
//!
//! `room_ages` says of each room that has more than its last entry when its oldest one was written:
//! which rooms are due is a range of an index, and not a walk over all of them.

use super::schema::{entries, room_ages, rooms};
use crate::api::{RoomId, RoomKey, Seq};
use diesel::sql_types::{BigInt, Nullable, Text};
use storage::list::Rows;
use storage::prelude::*;

#[derive(QueryableByName)]
struct RoomAgeRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    oldest_at: Option<i64>,
}

/// Rooms that have grown beyond their last entry since retention looked at them.
const WITHOUT_AGE: &str = "SELECT r.id, (
        SELECT e.at FROM entries e WHERE e.room_id = r.id AND e.seq >= r.kept_from
            AND e.seq < r.head ORDER BY e.seq LIMIT 1
    ) AS oldest_at FROM rooms r WHERE r.id > $1 AND r.head > r.kept_from
        AND NOT EXISTS (SELECT 1 FROM room_ages a WHERE a.room_id = r.id)
    ORDER BY r.id LIMIT $2";

/// A room, and when its oldest entry was written.
pub(crate) type Age = (RoomId, i64);

/// The rooms after this one, at most `max`, whose age is not noted yet.
pub(crate) async fn without_age(
    access: &mut impl Access,
    after: RoomId,
    max: i64,
) -> Result<Vec<Age>, Fault> {
    let new: Vec<RoomAgeRow> = query!(access, |c| diesel::sql_query(WITHOUT_AGE)
        .bind::<BigInt, _>(after.0)
        .bind::<BigInt, _>(max)
        .load(c))?;
    let aged = |row: RoomAgeRow| Some((RoomId(row.id), row.oldest_at?));
    Ok(new.into_iter().filter_map(aged).collect())
}

/// Notes the ages of rooms, unless they are noted already.
pub(crate) async fn record_ages(tx: &mut Writer<'_>, ages: &[Age]) -> Result<(), Fault> {
    let rooms = || ages.iter().map(|(room, _)| room.0);
    let set = || {
        Rows::<'_, ()>::new(
            vec![
                ("room", rooms().collect()),
                ("age", ages.iter().map(|(_, at)| *at).collect()),
            ],
            "INSERT INTO room_ages (room_id, oldest_at) SELECT room, age FROM w WHERE TRUE \
             ON CONFLICT (room_id) DO NOTHING",
        )
    };
    statement!(tx, |c| set().execute(c))?;
    Ok(())
}

/// Notes a room's age; none: it has only its last entry.
pub(crate) async fn set_age(
    tx: &mut Writer<'_>,
    room: RoomId,
    oldest_at: Option<i64>,
) -> Result<(), Fault> {
    let Some(at) = oldest_at else {
        statement!(tx, |c| diesel::delete(room_ages::table)
            .filter(room_ages::room_id.eq(room.0))
            .execute(c))?;
        return Ok(());
    };
    statement!(tx, |c| diesel::insert_into(room_ages::table)
        .values((room_ages::room_id.eq(room.0), room_ages::oldest_at.eq(at)))
        .on_conflict(room_ages::room_id)
        .do_update()
        .set(room_ages::oldest_at.eq(at))
        .execute(c))?;
    Ok(())
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = Text)]
    key: String,
}

const DUE: &str = "SELECT r.key FROM room_ages a CROSS JOIN rooms r
    WHERE a.oldest_at < $1 AND r.id = a.room_id ORDER BY a.oldest_at LIMIT $2";

/// The rooms, at most `max`, whose oldest entry is from before this moment.
pub(crate) async fn due(
    access: &mut impl Access,
    before: i64,
    max: i64,
) -> Result<Vec<RoomKey>, Fault> {
    let due: Vec<DueRow> = query!(access, |c| diesel::sql_query(DUE)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(max)
        .load(c))?;
    Ok(due.into_iter().map(|row| RoomKey(row.key.into())).collect())
}

/// Places and times of a room's oldest entries between these places, the last one excluded.
pub(crate) async fn oldest(
    access: &mut impl Access,
    room: RoomId,
    (from, below): (Seq, Seq),
    max: i64,
) -> Result<Vec<(Seq, i64)>, Fault> {
    Ok(query!(access, |c| entries::table
        .filter(entries::room_id.eq(room.0))
        .filter(entries::seq.ge(from))
        .filter(entries::seq.lt(below))
        .order(entries::seq)
        .select((entries::seq, entries::at))
        .limit(max)
        .load(c))?)
}

/// Takes a room's entries between these places away, the last one excluded. The lower bound keeps
/// PostgreSQL from walking over everything that was taken away before.
pub(crate) async fn delete_entries(
    tx: &mut Writer<'_>,
    room: RoomId,
    (from, kept_from): (Seq, Seq),
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(entries::table)
        .filter(entries::room_id.eq(room.0))
        .filter(entries::seq.ge(from))
        .filter(entries::seq.lt(kept_from))
        .execute(c))?;
    statement!(tx, |c| diesel::update(rooms::table)
        .filter(rooms::id.eq(room.0))
        .set(rooms::kept_from.eq(kept_from))
        .execute(c))?;
    Ok(())
}

#[derive(QueryableByName)]
struct NewestRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    at: Option<i64>,
}

/// Of the rooms that were written in last.
const NEWEST: &str = "SELECT max(e.at) AS at
    FROM (SELECT id, head FROM rooms ORDER BY head_at DESC LIMIT 10) r
    JOIN entries e ON e.room_id = r.id AND e.seq = r.head";

/// About when something was last written.
pub(crate) async fn newest(access: &mut impl Access) -> Result<Option<i64>, Fault> {
    let newest: NewestRow = query!(access, |c| diesel::sql_query(NEWEST).get_result(c))?;
    Ok(newest.at)
}

/// Rooms that have forgotten something, after this one.
pub(crate) async fn truncated_rooms(
    access: &mut impl Access,
    after: RoomId,
    max: i64,
) -> Result<Vec<(RoomId, RoomKey, Seq)>, Fault> {
    let found: Vec<(i64, String, i64)> = query!(access, |c| rooms::table
        .filter(rooms::id.gt(after.0))
        .filter(rooms::kept_from.gt(1))
        .order(rooms::id)
        .select((rooms::id, rooms::key, rooms::kept_from))
        .limit(max)
        .load(c))?;
    let found = found.into_iter();
    Ok(found
        .map(|(id, key, kept_from)| (RoomId(id), RoomKey(key.into()), kept_from))
        .collect())
}
