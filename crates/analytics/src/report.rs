//! The metrics as the operator reads them: the last 24 hours, capped.

use crate::Deps;
use crate::counts::{day, hour};
use crate::latency::BOUNDS_MS;
use serde_json::{Value, json};
use storage::StorageError;
use storage::prelude::*;

/// Rooms with the most messages that are shown one by one.
const ROOMS_MAX: usize = 20;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    room: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    hour: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    messages: i64,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    bucket: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    sends: i64,
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    sum: i64,
}

/// Reads the metrics of now.
pub(crate) async fn read(deps: &Deps) -> Result<Value, StorageError> {
    let now = (deps.clock)();
    let read = deps.database.read("analytics.report", move |reader| {
        Box::pin(async move {
            let (first, today) = (hour(now) - 23, day(now));
            let rooms = busiest(reader, first).await?;
            Ok(json!({
                "as_of_ms": now,
                "last_24h": { "messages": messages(reader, first).await?, "rooms": rooms },
                "active_users": {
                    "today": active(reader, today).await?,
                    "yesterday": active(reader, today - 1).await?,
                },
                "accept_to_commit_ms": latencies(reader, first).await?,
            }))
        })
    });
    read.await
}

async fn messages(access: &mut impl Access, first: i64) -> Result<i64, Fault> {
    let all = format!(
        "SELECT CAST(COALESCE(SUM(messages), 0) AS BIGINT) AS sum
        FROM room_hours WHERE hour >= {first}"
    );
    let all: Sum = query!(access, |c| diesel::sql_query(&all).get_result(c))?;
    Ok(all.sum)
}

/// Each of the busiest rooms with its hours, `[hour in ms, messages]`.
async fn busiest(access: &mut impl Access, first: i64) -> Result<Vec<Value>, Fault> {
    let lines = format!(
        "SELECT cursors.key AS room, hour, messages
        FROM room_hours JOIN cursors ON cursors.room_id = room_hours.room_id
        JOIN (SELECT room_id, SUM(messages) AS total FROM room_hours WHERE hour >= {first}
            GROUP BY room_id ORDER BY total DESC, room_id LIMIT {ROOMS_MAX}) AS busiest
            ON busiest.room_id = room_hours.room_id
        WHERE hour >= {first} ORDER BY total DESC, room_hours.room_id, hour"
    );
    let lines: Vec<Line> = query!(access, |c| diesel::sql_query(&lines).load(c))?;
    let rooms = lines.chunk_by(|a, b| a.room == b.room);
    Ok(rooms.map(room).collect())
}

fn room(lines: &[Line]) -> Value {
    let hours = lines
        .iter()
        .map(|line| json!([line.hour * 3_600_000, line.messages]));
    json!({
        "room": lines[0].room,
        "messages": lines.iter().map(|line| line.messages).sum::<i64>(),
        "hours": hours.collect::<Vec<_>>(),
    })
}

async fn active(access: &mut impl Access, day: i64) -> Result<i64, Fault> {
    let all = format!("SELECT COUNT(*) AS sum FROM active_users WHERE day = {day}");
    let all: Sum = query!(access, |c| diesel::sql_query(&all).get_result(c))?;
    Ok(all.sum)
}

async fn latencies(access: &mut impl Access, first: i64) -> Result<Value, Fault> {
    let places = format!(
        "SELECT bucket, CAST(SUM(sends) AS BIGINT) AS sends
        FROM latencies WHERE hour >= {first} GROUP BY bucket"
    );
    let places: Vec<Place> = query!(access, |c| diesel::sql_query(&places).load(c))?;
    let mut sends = vec![0; BOUNDS_MS.len() + 1];
    for place in places {
        let counted = usize::try_from(place.bucket)
            .ok()
            .and_then(|at| sends.get_mut(at));
        if let Some(counted) = counted {
            *counted = place.sends;
        }
    }
    Ok(json!({ "at_most": BOUNDS_MS, "sends": sends }))
}
