//! Queries for retention.
//!
//! `room_ages` has the time of the oldest entry for each room with more than one entry, so that finding
//! the rooms that are due is a range scan of an index, not a scan of all rooms.

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

/// Selects the rooms with more than one entry whose age is not recorded yet.
const WITHOUT_AGE: &str = "SELECT r.id, (
        SELECT e.at FROM entries e WHERE e.room_id = r.id AND e.seq >= r.kept_from
            AND e.seq < r.head ORDER BY e.seq LIMIT 1
    ) AS oldest_at FROM rooms r WHERE r.id > $1 AND r.head > r.kept_from
        AND NOT EXISTS (SELECT 1 FROM room_ages a WHERE a.room_id = r.id)
    ORDER BY r.id LIMIT $2";

/// A room, and the time of its oldest entry in ms since 1970.
pub(crate) type Age = (RoomId, i64);

/// Returns at most `max` rooms, after the room `after`, whose age is not recorded yet.
pub(crate) async fn without_age(
    access: &mut impl Access,
    after: RoomId,
    max: i64,
) -> Result<Vec<Age>, Fault> {
    let new: Vec<RoomAgeRow> = query!(access, |c| diesel::sql_query(WITHOUT_AGE)
        .bind::<BigInt, _>(after.0)
        .bind::<BigInt, _>(max)
        .load(c))?;
    let age = |row: RoomAgeRow| Some((RoomId(row.id), row.oldest_at?));
    Ok(new.into_iter().filter_map(age).collect())
}

/// Records the ages of rooms; keeps those recorded already.
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

/// Replaces a room's recorded age; `None` removes it, for a room with only one entry.
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

/// Returns at most `max` rooms whose oldest entry was written before a time, the oldest first.
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

/// Returns seq and time of a room's oldest entries in `from..below`, at most `max`.
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

/// Deletes a room's entries in `from..kept_from`. The lower bound keeps PostgreSQL from scanning the dead
/// rows of earlier deletions.
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

/// Selects the newest time among the last entries of the ten rooms written to most recently.
const NEWEST: &str = "SELECT max(e.at) AS at
    FROM (SELECT id, head FROM rooms ORDER BY head_at DESC LIMIT 10) r
    JOIN entries e ON e.room_id = r.id AND e.seq = r.head";

/// Returns about when the last entry was written, ms since 1970; `None` for an empty store.
pub(crate) async fn newest(access: &mut impl Access) -> Result<Option<i64>, Fault> {
    let newest: NewestRow = query!(access, |c| diesel::sql_query(NEWEST).get_result(c))?;
    Ok(newest.at)
}

/// Returns at most `max` rooms, after the room `after`, whose oldest entries were deleted.
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
