//! The figures for the operator: the last 24 hours, limited to the busiest rooms.

use crate::counter::{day, hour};
use crate::latency::BOUNDS_MS;
use extension::{Cx, Task, View};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use storage::StorageError;
use storage::prelude::*;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How often the figures are read while nothing happens, since their time window moves.
const READ_EVERY: Duration = Duration::from_secs(30);

/// The shortest time between two readings.
const READ_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// The number of rooms listed, those with the most messages.
const ROOMS_MAX: usize = 20;

#[derive(QueryableByName)]
struct RoomHourRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    room: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    hour: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    messages: i64,
}

#[derive(QueryableByName)]
struct BucketRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    bucket: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    sends: i64,
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    sum: i64,
}

/// The latest figures.
#[derive(Default)]
pub(crate) struct Report {
    figures: Mutex<Value>,
    outdated: Notify,
}

impl Report {
    /// Notes that something was counted.
    pub(crate) fn outdated(&self) {
        self.outdated.notify_one();
    }
}

impl View for Report {
    fn figures(&self) -> Value {
        self.figures.lock().clone()
    }
}

/// Reads the figures again and again.
pub(crate) struct Reporter {
    report: Arc<Report>,
}

impl Reporter {
    pub(crate) fn new(report: Arc<Report>) -> Self {
        Self { report }
    }
}

impl Task for Reporter {
    async fn run(&self, cx: &Cx) -> anyhow::Result<()> {
        loop {
            // While the database is away, the follower says so; the figures stay as they are.
            if let Ok(figures) = read(cx).await {
                *self.report.figures.lock() = figures;
            }
            sleep(READ_INTERVAL_MIN).await;
            // A time-out only means that the time window has moved.
            let _ = timeout(READ_EVERY, self.report.outdated.notified()).await;
        }
    }
}

/// Reads the current figures.
async fn read(cx: &Cx) -> Result<Value, StorageError> {
    let now = cx.now_ms();
    let read = cx.database().read("analytics.report", move |reader| {
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
    let all: SumRow = query!(access, |c| diesel::sql_query(&all).get_result(c))?;
    Ok(all.sum)
}

/// Returns the busiest rooms, each with its hours as `[hour in ms, messages]`.
async fn busiest(access: &mut impl Access, first: i64) -> Result<Vec<Value>, Fault> {
    let rows = format!(
        "SELECT room_keys.key AS room, hour, messages
        FROM room_hours JOIN room_keys ON room_keys.room_id = room_hours.room_id
        JOIN (SELECT room_id, SUM(messages) AS total FROM room_hours WHERE hour >= {first}
            GROUP BY room_id ORDER BY total DESC, room_id LIMIT {ROOMS_MAX}) AS busiest
            ON busiest.room_id = room_hours.room_id
        WHERE hour >= {first} ORDER BY total DESC, room_hours.room_id, hour"
    );
    let rows: Vec<RoomHourRow> = query!(access, |c| diesel::sql_query(&rows).load(c))?;
    let rooms = rows.chunk_by(|a, b| a.room == b.room);
    Ok(rooms.map(room).collect())
}

fn room(rows: &[RoomHourRow]) -> Value {
    let hours = rows
        .iter()
        .map(|row| json!([row.hour * 3_600_000, row.messages]));
    json!({
        "room": rows[0].room,
        "messages": rows.iter().map(|row| row.messages).sum::<i64>(),
        "hours": hours.collect::<Vec<_>>(),
    })
}

async fn active(access: &mut impl Access, day: i64) -> Result<i64, Fault> {
    let all = format!("SELECT COUNT(*) AS sum FROM active_users WHERE day = {day}");
    let all: SumRow = query!(access, |c| diesel::sql_query(&all).get_result(c))?;
    Ok(all.sum)
}

async fn latencies(access: &mut impl Access, first: i64) -> Result<Value, Fault> {
    let buckets = format!(
        "SELECT bucket, CAST(SUM(sends) AS BIGINT) AS sends
        FROM latencies WHERE hour >= {first} GROUP BY bucket"
    );
    let buckets: Vec<BucketRow> = query!(access, |c| diesel::sql_query(&buckets).load(c))?;
    let mut sends = vec![0; BOUNDS_MS.len() + 1];
    for bucket in buckets {
        let counted = usize::try_from(bucket.bucket)
            .ok()
            .and_then(|at| sends.get_mut(at));
        if let Some(counted) = counted {
            *counted = bucket.sends;
        }
    }
    Ok(json!({ "at_most": BOUNDS_MS, "sends": sends }))
}
