//! How far a follower is: its tables, in the extension's own database. The migrations document the
//! columns.

use rooms::api::{RoomId, RoomKey, Seq};
use std::collections::HashMap;
use storage::prelude::*;
use storage::{Database, StorageError};

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

/// The number of rooms per query: each must stay within the time limit of a statement.
const ROOMS_PER_QUERY: usize = 20_000;

/// Reads how far the follower is. Nothing else writes it, so that it may be read in parts.
pub(crate) async fn read(database: &Database) -> Result<Progress, StorageError> {
    let source = database.read("extension.source", |reader| Box::pin(source(reader)));
    let mut progress = Progress {
        source: source.await?,
        ..Progress::default()
    };
    let mut after = i64::MIN;
    loop {
        let read = database.read("extension.cursors", move |reader| {
            Box::pin(cursors_after(reader, after))
        });
        let (rows, is_last) = part(read.await?, &mut after);
        progress.cursors.extend(rows);
        if is_last {
            break;
        }
    }
    let mut after = i64::MIN;
    loop {
        let read = database.read("extension.kept", move |reader| {
            Box::pin(kept_after(reader, after))
        });
        let (rows, is_last) = part(read.await?, &mut after);
        progress.kept.extend(rows);
        if is_last {
            return Ok(progress);
        }
    }
}

/// Returns the rows of one query by room, and whether there are no more; moves `after` to the last.
fn part(
    rows: Vec<(i64, i64)>,
    after: &mut i64,
) -> (impl Iterator<Item = (RoomId, Seq)> + use<>, bool) {
    *after = rows.last().map_or(*after, |(room, _)| *room);
    let is_last = rows.len() < ROOMS_PER_QUERY;
    let rows = rows.into_iter();
    (rows.map(|(room, seq)| (RoomId(room), seq)), is_last)
}

fn limit() -> i64 {
    i64::try_from(ROOMS_PER_QUERY).unwrap_or(i64::MAX)
}

async fn source(access: &mut impl Access) -> Result<Option<String>, Fault> {
    Ok(query!(access, |c| sources::table
        .find(CORE_EPOCH)
        .select(sources::value)
        .first(c))
    .optional()?)
}

async fn cursors_after(access: &mut impl Access, room: i64) -> Result<Vec<(i64, i64)>, Fault> {
    Ok(query!(access, |c| cursors::table
        .filter(cursors::room_id.gt(room))
        .order(cursors::room_id)
        .limit(limit())
        .select((cursors::room_id, cursors::seq))
        .load(c))?)
}

async fn kept_after(access: &mut impl Access, room: i64) -> Result<Vec<(i64, i64)>, Fault> {
    Ok(query!(access, |c| kept::table
        .filter(kept::room_id.gt(room))
        .order(kept::room_id)
        .limit(limit())
        .load(c))?)
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

/// Notes what retention has left of a room; returns false if another note than `from` is stored.
pub(crate) async fn keep(
    tx: &mut Writer<'_>,
    room: RoomId,
    from: Seq,
    to: Seq,
) -> Result<bool, Fault> {
    let row = (kept::room_id.eq(room.0), kept::kept_from.eq(to));
    let rows = if from == 0 {
        statement!(tx, |c| diesel::insert_into(kept::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?
    } else {
        statement!(tx, |c| diesel::update(kept::table)
            .filter(kept::room_id.eq(room.0))
            .filter(kept::kept_from.eq(from))
            .set(kept::kept_from.eq(to))
            .execute(c))?
    };
    Ok(rows == 1)
}
