//! How far a follower is: its tables, in the extension's own database. The migrations document the
//! columns.

use rooms::api::{RoomId, RoomKey, Seq};
use std::collections::HashMap;
use storage::prelude::*;

table! {
    cursors (room_id) {
        room_id -> BigInt,
        key -> Text,
        seq -> BigInt,
    }
}

table! {
    sources (name) {
        name -> Text,
        value -> Text,
    }
}

table! {
    kept (room_id) {
        room_id -> BigInt,
        kept_from -> BigInt,
    }
}

/// The name of the source row: the epoch of the core store.
const CORE_EPOCH: &str = "core_epoch";

/// How far a follower is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The epoch of the store whose rooms it follows; `None` before it has begun.
    pub(crate) source: Option<String>,
    /// The last entry followed, by room.
    pub(crate) cursors: HashMap<RoomId, Seq>,
    /// What retention has left, by room, as far as the follower was told.
    pub(crate) kept: HashMap<RoomId, Seq>,
}

/// Reads how far the follower is.
pub(crate) async fn read(access: &mut impl Access) -> Result<Progress, Fault> {
    let source = query!(access, |c| sources::table
        .find(CORE_EPOCH)
        .select(sources::value)
        .first(c))
    .optional()?;
    let cursors: Vec<(i64, i64)> = query!(access, |c| cursors::table
        .select((cursors::room_id, cursors::seq))
        .load(c))?;
    let kept: Vec<(i64, i64)> = query!(access, |c| kept::table.load(c))?;
    let by_room = |rows: Vec<(i64, i64)>| rows.into_iter().map(|(room, seq)| (RoomId(room), seq));
    Ok(Progress {
        source,
        cursors: by_room(cursors).collect(),
        kept: by_room(kept).collect(),
    })
}

/// Forgets all rooms, and whose they were.
pub(crate) async fn clear(tx: &mut Writer<'_>) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(cursors::table).execute(c))?;
    statement!(tx, |c| diesel::delete(kept::table).execute(c))?;
    statement!(tx, |c| diesel::delete(sources::table.find(CORE_EPOCH))
        .execute(c))?;
    Ok(())
}

/// Notes that the rooms are those of the store of this epoch.
pub(crate) async fn begin(tx: &mut Writer<'_>, epoch: &str) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(sources::table)
        .values((sources::name.eq(CORE_EPOCH), sources::value.eq(epoch)))
        .on_conflict(sources::name)
        .do_update()
        .set(sources::value.eq(excluded(sources::value)))
        .execute(c))?;
    Ok(())
}

/// Moves a cursor; returns false if it is not at `from`.
pub(crate) async fn advance(
    tx: &mut Writer<'_>,
    (room, key): (RoomId, &RoomKey),
    from: Seq,
    to: Seq,
) -> Result<bool, Fault> {
    let row = (
        cursors::room_id.eq(room.0),
        cursors::key.eq(&*key.0),
        cursors::seq.eq(to),
    );
    let rows = if from == 0 {
        statement!(tx, |c| diesel::insert_into(cursors::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?
    } else {
        statement!(tx, |c| diesel::update(cursors::table)
            .filter(cursors::room_id.eq(room.0))
            .filter(cursors::seq.eq(from))
            .set(cursors::seq.eq(to))
            .execute(c))?
    };
    Ok(rows == 1)
}

/// Notes what retention has left of a room.
pub(crate) async fn keep(tx: &mut Writer<'_>, room: RoomId, from: Seq) -> Result<(), Fault> {
    statement!(tx, |c| diesel::insert_into(kept::table)
        .values((kept::room_id.eq(room.0), kept::kept_from.eq(from)))
        .on_conflict(kept::room_id)
        .do_update()
        .set(kept::kept_from.eq(excluded(kept::kept_from)))
        .execute(c))?;
    Ok(())
}
