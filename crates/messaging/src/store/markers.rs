//! How far people have read, where they have moved their marker themselves. Rows outlive a
//! membership: whoever joins again starts at the later of this and their own `joined`.

use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::prelude::*;

table! {
    markers (user_id, room_id) {
        user_id -> Binary,
        room_id -> BigInt,
        seq -> BigInt,
    }
}

/// One person's marker in one room; 0 where it was never moved.
pub(crate) async fn of(access: &mut impl Access, user: UserId, room: RoomId) -> Result<Seq, Fault> {
    Ok(of_all(access, user, &[room])
        .await?
        .remove(&room)
        .unwrap_or(0))
}

/// One person's markers in those of these rooms where it was moved.
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

/// Moves a marker, never back: another lane or node may have been further.
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
pub(crate) async fn forget(tx: &mut Writer<'_>, users: &[UserId]) -> Result<(), Fault> {
    use markers as m;
    let users: Vec<&[u8]> = users.iter().map(|user| &user.0[..]).collect();
    statement!(tx, |c| diesel::delete(m::table)
        .filter(m::user_id.one_of(&users))
        .execute(c))?;
    Ok(())
}
