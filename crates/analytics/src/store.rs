//! The tables and their queries. The migrations document the columns.

use crate::counts::{Counts, CursorMove};
use rooms::api::{RoomId, Seq};
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
    room_hours (room_id, hour) {
        room_id -> BigInt,
        hour -> BigInt,
        messages -> BigInt,
    }
}

table! {
    active_users (day, user_id) {
        day -> BigInt,
        user_id -> Binary,
    }
}

table! {
    latencies (hour, bucket) {
        hour -> BigInt,
        bucket -> BigInt,
        sends -> BigInt,
    }
}

/// The name of the source row: the epoch of the core store.
const CORE_EPOCH: &str = "core_epoch";

/// Returns the epoch of the store whose logs were counted, and how far each was.
pub(crate) async fn progress(
    access: &mut impl Access,
) -> Result<(Option<String>, HashMap<RoomId, Seq>), Fault> {
    let source = query!(access, |c| sources::table
        .find(CORE_EPOCH)
        .select(sources::value)
        .first(c))
    .optional()?;
    let all: Vec<(i64, i64)> = query!(access, |c| cursors::table
        .select((cursors::room_id, cursors::seq))
        .load(c))?;
    let all = all.into_iter().map(|(room, seq)| (RoomId(room), seq));
    Ok((source, all.collect()))
}

/// Deletes all counts and cursors; from now on the logs belong to the store of `epoch`.
pub(crate) async fn reset(tx: &mut Writer<'_>, epoch: &str) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(cursors::table).execute(c))?;
    statement!(tx, |c| diesel::delete(room_hours::table).execute(c))?;
    statement!(tx, |c| diesel::delete(active_users::table).execute(c))?;
    statement!(tx, |c| diesel::insert_into(sources::table)
        .values((sources::name.eq(CORE_EPOCH), sources::value.eq(epoch)))
        .on_conflict(sources::name)
        .do_update()
        .set(sources::value.eq(excluded(sources::value)))
        .execute(c))?;
    Ok(())
}

/// Moves a cursor; returns false if it is not at `moved.from`.
pub(crate) async fn advance(
    tx: &mut Writer<'_>,
    room: RoomId,
    moved: &CursorMove,
) -> Result<bool, Fault> {
    let row = (
        cursors::room_id.eq(room.0),
        cursors::key.eq(&*moved.key.0),
        cursors::seq.eq(moved.to),
    );
    let rows = if moved.from == 0 {
        statement!(tx, |c| diesel::insert_into(cursors::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?
    } else {
        statement!(tx, |c| diesel::update(cursors::table)
            .filter(cursors::room_id.eq(room.0))
            .filter(cursors::seq.eq(moved.from))
            .set(cursors::seq.eq(moved.to))
            .execute(c))?
    };
    Ok(rows == 1)
}

/// Adds counts and latencies to the stored ones.
pub(crate) async fn add(tx: &mut Writer<'_>, counts: &Counts) -> Result<(), Fault> {
    for ((room, hour), messages) in &counts.hours {
        let row = (
            room_hours::room_id.eq(room.0),
            room_hours::hour.eq(*hour),
            room_hours::messages.eq(*messages),
        );
        statement!(tx, |c| diesel::insert_into(room_hours::table)
            .values(row)
            .on_conflict((room_hours::room_id, room_hours::hour))
            .do_update()
            .set(room_hours::messages.eq(room_hours::messages + excluded(room_hours::messages)))
            .execute(c))?;
    }
    for (day, user) in &counts.active {
        let row = (active_users::day.eq(*day), active_users::user_id.eq(*user));
        statement!(tx, |c| diesel::insert_into(active_users::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    for (hour, bucket, sends) in counts.latencies.rows() {
        let row = (
            latencies::hour.eq(hour),
            latencies::bucket.eq(bucket),
            latencies::sends.eq(sends),
        );
        statement!(tx, |c| diesel::insert_into(latencies::table)
            .values(row)
            .on_conflict((latencies::hour, latencies::bucket))
            .do_update()
            .set(latencies::sends.eq(latencies::sends + excluded(latencies::sends)))
            .execute(c))?;
    }
    Ok(())
}
