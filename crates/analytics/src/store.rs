//! The tables and their queries. The migrations document the columns.

use crate::counter::Counts;
use rooms::api::RoomInfo;
use storage::prelude::*;

table! {
    room_keys (room_id) {
        room_id -> BigInt,
        key -> Text,
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

/// Deletes all counts. How long sends took stays: it was not in the logs.
pub(crate) async fn clear(tx: &mut Writer<'_>) -> Result<(), Fault> {
    statement!(tx, |c| diesel::delete(room_keys::table).execute(c))?;
    statement!(tx, |c| diesel::delete(room_hours::table).execute(c))?;
    statement!(tx, |c| diesel::delete(active_users::table).execute(c))?;
    Ok(())
}

/// Adds the counts of a page to the stored ones.
pub(crate) async fn add(
    tx: &mut Writer<'_>,
    room: &RoomInfo,
    counts: &Counts,
) -> Result<(), Fault> {
    if !counts.hours.is_empty() {
        let row = (
            room_keys::room_id.eq(room.id.0),
            room_keys::key.eq(&*room.key.0),
        );
        statement!(tx, |c| diesel::insert_into(room_keys::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    for (hour, messages) in &counts.hours {
        let row = (
            room_hours::room_id.eq(room.id.0),
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
    for ((hour, bucket), sends) in &counts.latencies {
        let row = (
            latencies::hour.eq(*hour),
            latencies::bucket.eq(*bucket),
            latencies::sends.eq(*sends),
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
