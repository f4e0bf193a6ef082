//! Read markers that people have moved. Rows outlive a membership until a sweep removes them; they do no
//! harm, since someone who joins again starts at their own `joined` entry, which is later.

use diesel::sql_types::{BigInt, Binary};
use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::prelude::*;

stored_table! {
    MARKERS = markers (user_id, room_id) grouped by room_id {
        user_id -> Binary,
        room_id -> BigInt,
        seq -> BigInt,
    }
}

/// Returns a person's marker in a room; 0 if it was never moved.
pub(crate) async fn of(access: &mut impl Access, user: UserId, room: RoomId) -> Result<Seq, Fault> {
    Ok(of_all(access, user, &[room])
        .await?
        .remove(&room)
        .unwrap_or(0))
}

/// Returns a person's markers in these rooms, as far as they were ever moved.
pub(crate) async fn of_all(
    access: &mut impl Access,
    user: UserId,
    rooms: &[RoomId],
) -> Result<HashMap<RoomId, Seq>, Fault> {
    use markers as m;
    let ids: Vec<i64> = rooms.iter().map(|room| room.0).collect();
    let rows: Vec<(i64, Seq)> = query!(access, |c| m::table
        .filter(m::user_id.eq(&user.0[..]).and(m::room_id.one_of(&ids)))
        .select((m::room_id, m::seq))
        .load::<(i64, Seq)>(c))?;
    Ok(rows
        .into_iter()
        .map(|(room, seq)| (RoomId(room), seq))
        .collect())
}

/// Moves a marker, but never back: another lane or node may have moved it further.
pub(crate) async fn advance(
    tx: &mut Writer<'_>,
    user: UserId,
    room: RoomId,
    seq: Seq,
) -> Result<(), Fault> {
    use diesel::query_dsl::methods::FilterDsl as _;
    use markers as m;
    statement!(tx, |c| diesel::insert_into(m::table)
        .values((
            m::user_id.eq(&user.0[..]),
            m::room_id.eq(room.0),
            m::seq.eq(seq)
        ))
        .on_conflict((m::user_id, m::room_id))
        .do_update()
        .set(m::seq.eq(seq))
        .filter(m::seq.lt(seq))
        .execute(c))?;
    Ok(())
}

/// Removes all markers of these people.
pub(crate) async fn remove_of_users(tx: &mut Writer<'_>, users: &[UserId]) -> Result<(), Fault> {
    use markers as m;
    let users: Vec<&[u8]> = users.iter().map(|user| &user.0[..]).collect();
    statement!(tx, |c| diesel::delete(m::table)
        .filter(m::user_id.one_of(&users))
        .execute(c))?;
    Ok(())
}

/// One person's marker in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) user: UserId,
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
}

#[derive(QueryableByName)]
struct MarkerRow {
    #[diesel(sql_type = Binary)]
    user_id: UserId,
    #[diesel(sql_type = BigInt)]
    room_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

const AFTER: &str = "SELECT user_id, room_id, seq FROM markers WHERE (user_id, room_id) > ($1, $2)
    ORDER BY user_id, room_id LIMIT $3";

/// Returns at most `max` markers ordered by person and room, after this person and room.
pub(crate) async fn after(
    access: &mut impl Access,
    (user, room): (UserId, RoomId),
    max: i64,
) -> Result<Vec<Marker>, Fault> {
    let rows: Vec<MarkerRow> = query!(access, |c| diesel::sql_query(AFTER)
        .bind::<Binary, _>(user)
        .bind::<BigInt, _>(room.0)
        .bind::<BigInt, _>(max)
        .load(c))?;
    let marker = |row: MarkerRow| Marker {
        user: row.user_id,
        room: RoomId(row.room_id),
        seq: row.seq,
    };
    Ok(rows.into_iter().map(marker).collect())
}

/// Removes a marker, unless it was moved meanwhile.
pub(crate) async fn remove(tx: &mut Writer<'_>, marker: &Marker) -> Result<(), Fault> {
    use markers as m;
    statement!(tx, |c| diesel::delete(m::table)
        .filter(m::user_id.eq(&marker.user.0[..]))
        .filter(m::room_id.eq(marker.room.0))
        .filter(m::seq.eq(marker.seq))
        .execute(c))?;
    Ok(())
}
