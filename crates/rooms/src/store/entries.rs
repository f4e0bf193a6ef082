//! Reading and redacting a room's log.

use super::codes::entry as codes;
use super::entry_row::EntryRow;
use super::kind_filter::KindFilter;
use super::last_messages;
use super::lookups;
use super::people;
use super::schema::entries;
use crate::api::{Entry, RoomId, Seq};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use sessions::api::{UserId, directory};
use std::collections::{HashMap, HashSet};
use storage::list::Rows;
use storage::prelude::*;

/// The end of its range that a page is filled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FillFrom {
    /// From the lowest seq upwards.
    Lowest,
    /// From the highest seq downwards.
    Highest,
}

/// Returns the entries at these positions that exist, ascending.
pub(crate) async fn at(
    access: &mut impl Access,
    room: RoomId,
    seqs: &[Seq],
) -> Result<Vec<Entry>, Fault> {
    let rows = query!(access, |c| entries::table
        .filter(entries::room_id.eq(room.0))
        .filter(entries::seq.one_of(seqs))
        .order(entries::seq)
        .select(EntryRow::as_select())
        .load(c))?;
    with_people(access, rows).await
}

/// Returns the entries at these positions of several rooms that exist, in no order.
pub(crate) async fn at_positions(
    access: &mut impl Access,
    positions: &[(RoomId, Seq)],
) -> Result<Vec<Entry>, Fault> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<EntryRow> = query!(access, |c| at_each(positions).load(c))?;
    // On SQLite, a list may have its last row several times.
    let mut seen = HashSet::new();
    let rows = rows
        .into_iter()
        .filter(|row| seen.insert((row.room_id, row.seq)));
    let rows = rows.collect();
    with_people(access, rows).await
}

/// The SQL types of the columns of [`EntryRow`].
type EntrySqlTypes = (
    BigInt,
    BigInt,
    SmallInt,
    Binary,
    BigInt,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<Binary>,
    Nullable<Text>,
);

fn at_each(positions: &[(RoomId, Seq)]) -> Rows<'_, EntrySqlTypes> {
    let rooms = positions.iter().map(|(room, _)| room.0);
    let seqs = positions.iter().map(|(_, seq)| *seq);
    Rows::new(
        vec![("room", rooms.collect()), ("place", seqs.collect())],
        "SELECT e.room_id, e.seq, e.kind, e.author_id, e.at, e.cid, e.body, e.target, \
         e.subject_id, e.detail FROM w CROSS JOIN entries e \
         WHERE e.room_id = w.room AND e.seq = w.place",
    )
}

/// Selects the entries from `lowest` to `highest`, both included.
#[diesel::dsl::auto_type(no_type_alias)]
fn within(room: i64, lowest: Seq, highest: Seq, kind: KindFilter) -> _ {
    entries::table
        .filter(entries::room_id.eq(room))
        .filter(entries::seq.between(lowest, highest))
        .filter(kind)
}

/// Returns at most `limit` entries from `lowest` to `highest`, both included, ascending.
pub(crate) async fn between(
    access: &mut impl Access,
    room: RoomId,
    (lowest, highest): (Seq, Seq),
    kind: KindFilter,
    from: FillFrom,
    limit: usize,
) -> Result<Vec<Entry>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let wanted = || within(room.0, lowest, highest, kind).limit(limit);
    let rows: Vec<EntryRow> = match from {
        FillFrom::Lowest => query!(access, |c| wanted()
            .order(entries::seq.asc())
            .select(EntryRow::as_select())
            .load(c))?,
        FillFrom::Highest => {
            let downwards: Vec<EntryRow> = query!(access, |c| wanted()
                .order(entries::seq.desc())
                .select(EntryRow::as_select())
                .load(c))?;
            downwards.into_iter().rev().collect()
        }
    };
    with_people(access, rows).await
}

/// Turns rows into entries; looks up all people with one query.
async fn with_people(
    access: &mut impl Access,
    mut rows: Vec<EntryRow>,
) -> Result<Vec<Entry>, Fault> {
    let mut ids = Vec::new();
    for row in &rows {
        row.people(&mut ids)?;
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let users = directory::by_id(access, &ids).await?;
    hide_reactions(access, &mut rows).await?;
    rows.into_iter().map(|row| row.into_entry(&users)).collect()
}

/// Hides the emoji of reactions to messages that are deleted or no longer kept. Done when reading,
/// because the log has no index by which a deletion could find the reactions.
async fn hide_reactions(access: &mut impl Access, rows: &mut [EntryRow]) -> Result<(), Fault> {
    let reactions = rows.iter().filter_map(EntryRow::reacts_to);
    let mut messages: Vec<(RoomId, Seq)> = reactions.collect();
    messages.sort_unstable();
    messages.dedup();
    let targets = lookups::targets(access, &messages).await?;
    let exists = |key: &(RoomId, Seq)| targets.get(key).is_some_and(|message| !message.deleted);
    for row in rows {
        if row.reacts_to().is_some_and(|message| !exists(&message)) {
            row.hide_emoji()?;
        }
    }
    Ok(())
}

/// The counts of unread messages and mentions stop at this number.
const UNREAD_MAX: usize = 999;
/// The number of newest messages that are read for the counts. It bounds the read, since any number of
/// them may be deleted or the reader's own.
const UNREAD_SCAN_MAX: i64 = 2_000;

/// Counts the undeleted messages above `marker` by others, and those of them that mention `user`. Looks
/// at the newest ones, so that a recent mention counts however many messages are unread below it.
pub(crate) async fn unread(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
    marker: Seq,
) -> Result<(u32, u32), Fault> {
    let above = || {
        within(
            room.0,
            marker.saturating_add(1),
            Seq::MAX,
            KindFilter::Message,
        )
    };
    let newest: Vec<(UserId, bool, Option<String>)> = query!(access, |c| above()
        .order(entries::seq.desc())
        .select((
            entries::author_id,
            entries::body.is_not_null(),
            entries::detail
        ))
        .limit(UNREAD_SCAN_MAX)
        .load(c))?;
    let me = people::hex(user);
    let unread = newest
        .into_iter()
        .filter(|(author, has_body, _)| *has_body && *author != user);
    let (mut count, mut mentions) = (0, 0);
    for (_, _, detail) in unread {
        count += 1;
        mentions += usize::from(detail.is_some_and(|detail| detail.contains(&me)));
    }
    Ok((capped(count), capped(mentions)))
}

fn capped(count: usize) -> u32 {
    u32::try_from(count.min(UNREAD_MAX)).unwrap_or(u32::MAX)
}

const _: () = assert!(UNREAD_SCAN_MAX == 2_000, "the literal in `last_messages`");

/// Counts like [`unread`] for each of these rooms and markers, in one query.
pub(crate) async fn unread_of_all(
    access: &mut impl Access,
    user: UserId,
    markers: &[(RoomId, Seq)],
) -> Result<HashMap<RoomId, (u32, u32)>, Fault> {
    let counts = last_messages::unread(access, user, markers).await?;
    let capped = |count: i64| capped(usize::try_from(count).unwrap_or(0));
    let counts = counts.into_iter();
    Ok(counts
        .map(|(room, (count, mentions))| (room, (capped(count), capped(mentions))))
        .collect())
}

/// Removes the bodies of a message and of its edits from the log, and its mentions.
pub(crate) async fn redact(tx: &mut Writer<'_>, room: RoomId, target: Seq) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(entries::table)
        .filter(entries::room_id.eq(room.0))
        .filter(entries::seq.eq(target))
        .filter(entries::kind.eq(codes::MESSAGE))
        .set((
            entries::body.eq(None::<String>),
            entries::detail.eq(None::<String>)
        ))
        .execute(c))?;
    statement!(tx, |c| diesel::update(entries::table)
        .filter(entries::room_id.eq(room.0))
        .filter(entries::target.eq(target))
        // A literal, because only then can the databases use their partial index of edits.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("kind = 2"))
        .set(entries::body.eq(None::<String>))
        .execute(c))?;
    Ok(())
}
