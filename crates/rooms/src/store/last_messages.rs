//! What a list of rooms shows of each log, for all rooms of the list in one query: the newest message, the
//! beginnings of texts, and how much is unread.

use super::people;
use crate::api::{RoomId, Seq};
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::list::Rows;
use storage::prelude::*;

/// The most characters of a text in a preview.
pub const BEGINNING_CHARS: usize = 160;

const _: () = assert!(
    BEGINNING_CHARS == 160,
    "a literal, so that the statements stay prepared"
);

/// The newest message of a room, its text cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewestRecord {
    pub(crate) seq: Seq,
    pub(crate) author: UserId,
    pub(crate) at: i64,
    /// The beginning of the text as first sent; `None` once deleted.
    pub(crate) text: Option<String>,
}

type NewestColumns = (i64, i64, UserId, i64, Option<String>);

/// Returns the newest message, deleted ones included, of each of these rooms that has one at or above the
/// `seq` given with it.
pub(crate) async fn newest(
    access: &mut impl Access,
    rooms: &[(RoomId, Seq)],
) -> Result<HashMap<RoomId, NewestRecord>, Fault> {
    if rooms.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<NewestColumns> = query!(access, |c| newest_of(rooms).load(c))?;
    let message = |(room, seq, author, at, text)| {
        let message = NewestRecord {
            seq,
            author,
            at,
            text,
        };
        (RoomId(room), message)
    };
    Ok(found.into_iter().map(message).collect())
}

fn newest_of(
    rooms: &[(RoomId, Seq)],
) -> Rows<'_, (BigInt, BigInt, Binary, BigInt, Nullable<Text>)> {
    with_seqs(
        rooms,
        "SELECT e.room_id, e.seq, e.author_id, e.at, substr(e.body, 1, 160) \
         FROM w CROSS JOIN entries e \
         WHERE e.room_id = w.room AND e.seq = (SELECT m.seq FROM entries m \
             WHERE m.room_id = w.room AND m.kind = 1 AND m.seq >= w.place \
             ORDER BY m.seq DESC LIMIT 1)",
    )
}

/// Returns the beginnings of the texts at those of these positions that have one.
pub(crate) async fn beginnings(
    access: &mut impl Access,
    positions: &[(RoomId, Seq)],
) -> Result<HashMap<(RoomId, Seq), String>, Fault> {
    if positions.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(i64, i64, String)> = query!(access, |c| beginnings_at(positions).load(c))?;
    let beginning = |(room, seq, text)| ((RoomId(room), seq), text);
    Ok(found.into_iter().map(beginning).collect())
}

fn beginnings_at(positions: &[(RoomId, Seq)]) -> Rows<'_, (BigInt, BigInt, Text)> {
    with_seqs(
        positions,
        "SELECT e.room_id, e.seq, substr(e.body, 1, 160) FROM w CROSS JOIN entries e \
         WHERE e.room_id = w.room AND e.seq = w.place AND e.body IS NOT NULL",
    )
}

fn with_seqs<'a, Row>(positions: &'a [(RoomId, Seq)], statement: &'static str) -> Rows<'a, Row> {
    let rooms = positions.iter().map(|(room, _)| room.0);
    let seqs = positions.iter().map(|(_, seq)| *seq);
    Rows::new(
        vec![("room", rooms.collect()), ("place", seqs.collect())],
        statement,
    )
}

/// The factor by which the count of unread messages is shifted above that of mentions in one number; both
/// databases can return one number of a correlated subquery, but not two.
const SHIFT: i64 = 10_000;

/// Counts, for each of these rooms and markers, what `entries::unread` counts for one. The literals are
/// its limits: the newest 2,000 messages.
pub(crate) async fn unread(
    access: &mut impl Access,
    user: UserId,
    markers: &[(RoomId, Seq)],
) -> Result<HashMap<RoomId, (i64, i64)>, Fault> {
    if markers.is_empty() {
        return Ok(HashMap::new());
    }
    let pattern = format!("%{}%", people::hex(user));
    let found: Vec<(i64, i64)> =
        query!(access, |c| unread_above(&user, &pattern, markers).load(c))?;
    let counts = |(room, both)| (RoomId(room), (both / SHIFT, both % SHIFT));
    Ok(found.into_iter().map(counts).collect())
}

fn unread_above<'a>(
    user: &'a UserId,
    pattern: &'a str,
    markers: &'a [(RoomId, Seq)],
) -> Rows<'a, (BigInt, BigInt)> {
    let rooms = markers.iter().map(|(room, _)| room.0);
    let seqs = markers.iter().map(|(_, seq)| *seq);
    Rows::new(
        vec![
            ("room", rooms.collect()),
            ("place", seqs.collect()),
            ("me", markers.iter().map(|_| &user.0[..]).collect()),
            ("pattern", markers.iter().map(|_| pattern).collect()),
        ],
        "SELECT w.room, (SELECT count(*) * 10000 \
             + coalesce(sum(CASE WHEN n.detail LIKE w.pattern THEN 1 ELSE 0 END), 0) \
             FROM (SELECT e.author_id, e.body IS NOT NULL AS kept, e.detail FROM entries e \
                 WHERE e.room_id = w.room AND e.kind = 1 AND e.seq > w.place \
                 ORDER BY e.seq DESC LIMIT 2000) n \
             WHERE n.kept AND n.author_id <> w.me) AS counts \
         FROM w",
    )
}
