//! What is too old to be kept.

use super::schema::{entries, rooms};
use crate::api::{RoomId, RoomKey, Seq};
use diesel::sql_types::{BigInt, Text};
use storage::prelude::*;

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    key: String,
}

/// The last entry stays, and with it the place that the next one gets.
const DUE: &str = "SELECT r.id, r.key FROM rooms r WHERE r.id > $1 AND (
        SELECT e.at FROM entries e WHERE e.room_id = r.id AND e.seq >= r.kept_from
            AND e.seq < r.head ORDER BY e.seq LIMIT 1
    ) < $2 ORDER BY r.id LIMIT $3";

/// The rooms after this one, at most `max`, whose oldest entry is from before this moment.
pub(crate) async fn due(
    access: &mut impl Access,
    after: RoomId,
    before: i64,
    max: i64,
) -> Result<Vec<(RoomId, RoomKey)>, Fault> {
    let due: Vec<Due> = query!(access, |c| diesel::sql_query(DUE)
        .bind::<BigInt, _>(after.0)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(max)
        .load(c))?;
    let due = due.into_iter();
    Ok(due
        .map(|row| (RoomId(row.id), RoomKey(row.key.into())))
        .collect())
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

/// Takes a room's entries below this place away.
pub(crate) async fn cut(tx: &mut Writer<'_>, room: RoomId, kept_from: Seq) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(entries::table)
        .filter(entries::room_id.eq(room.0))
        .filter(entries::seq.lt(kept_from))
        .execute(c))?;
    statement!(tx, |c| diesel::update(rooms::table)
        .filter(rooms::id.eq(room.0))
        .set(rooms::kept_from.eq(kept_from))
        .execute(c))?;
    Ok(())
}
