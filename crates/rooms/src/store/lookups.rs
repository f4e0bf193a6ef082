//! Lookups in the log for batches of appends, with one query per batch, and for moderation.

use super::schema::entries;
use crate::api::{RoomId, Seq};
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::list::Rows;
use storage::prelude::*;

/// A message that was sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredMessage {
    /// The position of its entry.
    pub(crate) seq: Seq,
    /// When it was written, ms since 1970.
    pub(crate) at: i64,
    /// The fingerprint of the message as first sent.
    pub(crate) fingerprint: Vec<u8>,
}

/// Messages by room, author and `cid`.
pub(crate) type Repeats = HashMap<(RoomId, UserId, String), StoredMessage>;

type RepeatRow = (i64, UserId, String, i64, i64, Vec<u8>);

/// Returns the messages among `wanted` that were sent before.
pub(crate) async fn repeats(
    access: &mut impl Access,
    wanted: &[(RoomId, UserId, &str)],
) -> Result<Repeats, Fault> {
    if wanted.is_empty() {
        return Ok(Repeats::new());
    }
    let found: Vec<RepeatRow> = query!(access, |c| repeats_of(wanted).load(c))?;
    let found = found
        .into_iter()
        .map(|(room, author, cid, seq, at, fingerprint)| {
            let key = (RoomId(room), author, cid);
            (
                key,
                StoredMessage {
                    seq,
                    at,
                    fingerprint,
                },
            )
        });
    Ok(found.collect())
}

fn repeats_of<'a>(
    wanted: &'a [(RoomId, UserId, &'a str)],
) -> Rows<'a, (BigInt, Binary, Text, BigInt, BigInt, Binary)> {
    let rooms = wanted.iter().map(|(room, ..)| room.0);
    let authors = wanted.iter().map(|(_, author, _)| &author.0[..]);
    let cids = wanted.iter().map(|(.., cid)| *cid);
    Rows::new(
        vec![
            ("room", rooms.collect()),
            ("author", authors.collect()),
            ("own_id", cids.collect()),
        ],
        "SELECT e.room_id, e.author_id, e.cid, e.seq, e.at, e.body_hash \
         FROM w CROSS JOIN entries e \
         WHERE e.cid = w.own_id AND e.author_id = w.author AND e.room_id = w.room",
    )
}

/// A message that another entry refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// The message's author.
    pub(crate) author: UserId,
    /// True if it was deleted.
    pub(crate) deleted: bool,
}

/// Messages by room and seq.
pub(crate) type Targets = HashMap<(RoomId, Seq), Target>;

/// Returns the messages at those of these positions that have one, deleted ones included.
pub(crate) async fn targets(
    access: &mut impl Access,
    positions: &[(RoomId, Seq)],
) -> Result<Targets, Fault> {
    if positions.is_empty() {
        return Ok(Targets::new());
    }
    let found: Vec<(i64, i64, UserId, bool)> = query!(access, |c| targets_at(positions).load(c))?;
    let found = found.into_iter().map(|(room, seq, author, deleted)| {
        let target = Target { author, deleted };
        ((RoomId(room), seq), target)
    });
    Ok(found.collect())
}

fn targets_at(positions: &[(RoomId, Seq)]) -> Rows<'_, (BigInt, BigInt, Binary, Bool)> {
    let rooms = positions.iter().map(|(room, _)| room.0);
    let seqs = positions.iter().map(|(_, seq)| *seq);
    Rows::new(
        vec![("room", rooms.collect()), ("place", seqs.collect())],
        "SELECT e.room_id, e.seq, e.author_id, e.body IS NULL FROM w CROSS JOIN entries e \
         WHERE e.room_id = w.room AND e.seq = w.place AND e.kind = 1",
    )
}

/// Selects the entries of one kind about a person in a room, the newest first. One kind per query lets
/// an index find the newest at once, however often the person joined and left.
#[diesel::dsl::auto_type(no_type_alias)]
fn about(room: i64, user: UserId, kind: i16) -> _ {
    entries::table
        .filter(entries::subject_id.eq(user))
        .filter(entries::room_id.eq(room))
        .filter(entries::kind.eq(kind))
        .order(entries::seq.desc())
        .select(entries::seq)
}

/// Returns kind and seq of the last entry of these kinds about a person in a room.
pub(crate) async fn last_about(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
    kinds: &[i16],
) -> Result<Option<(i16, Seq)>, Fault> {
    let mut last: Option<(i16, Seq)> = None;
    for kind in kinds.iter().copied() {
        let found: Option<Seq> =
            query!(access, |c| about(room.0, user, kind).first(c)).optional()?;
        if let Some(seq) = found
            && last.is_none_or(|(_, before)| before < seq)
        {
            last = Some((kind, seq));
        }
    }
    Ok(last)
}
