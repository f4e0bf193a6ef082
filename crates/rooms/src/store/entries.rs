//! Reading a room's log.

use super::codes::entry as codes;
use super::entry_row::EntryRow;
use super::kind_filter::KindFilter;
use super::lookups;
use super::people;
use super::schema::entries;
use crate::api::{Entry, RoomId, Seq};
use sessions::api::{UserId, directory};
use storage::prelude::*;

/// Which end of its range a page is filled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FillFrom {
    /// From the lowest place up.
    Lowest,
    /// From the highest place down.
    Highest,
}

/// The entries with these places, ascending; absent ones are absent.
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

/// Entries between these places, both included.
#[diesel::dsl::auto_type(no_type_alias)]
fn within(room: i64, lowest: Seq, highest: Seq, kind: KindFilter) -> _ {
    entries::table
        .filter(entries::room_id.eq(room))
        .filter(entries::seq.between(lowest, highest))
        .filter(kind)
}

/// At most `limit` entries between these places, both included, ascending.
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

/// Entries of rows; one query for all names.
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

/// A reaction shows no emoji when the message it is about is deleted, or no longer kept. Looked up
/// here and not written: the log has no index by which a deletion would find them.
async fn hide_reactions(access: &mut impl Access, rows: &mut [EntryRow]) -> Result<(), Fault> {
    let reactions = rows.iter().filter_map(EntryRow::reacts_to);
    let mut places: Vec<(RoomId, Seq)> = reactions.collect();
    places.sort_unstable();
    places.dedup();
    let targets = lookups::targets(access, &places).await?;
    let stands = |place: &(RoomId, Seq)| targets.get(place).is_some_and(|message| !message.deleted);
    for row in rows {
        if row.reacts_to().is_some_and(|place| !stands(&place)) {
            row.hide_emoji()?;
        }
    }
    Ok(())
}

/// More than this many unread messages are told as this many.
const UNREAD_MAX: usize = 999;
/// Messages looked at for that, the newest: those of one's own and deleted ones are passed over, and
/// there may be any number of them.
const UNREAD_LOOKED_AT: i64 = 2_000;

/// Messages above `marker` by others, not deleted, and how many of them mention `user`: among the
/// newest, so that a mention of today counts however much is unread below it.
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
        .limit(UNREAD_LOOKED_AT)
        .load(c))?;
    let me = people::hex(user);
    let unread = newest
        .into_iter()
        .filter(|(author, stands, _)| *stands && *author != user);
    let (mut count, mut mentions) = (0, 0);
    for (_, _, detail) in unread {
        count += 1;
        mentions += usize::from(detail.is_some_and(|detail| detail.contains(&me)));
    }
    let told = |n: usize| u32::try_from(n.min(UNREAD_MAX)).unwrap_or(u32::MAX);
    Ok((told(count), told(mentions)))
}

/// Takes the bodies of a message and of its edits out of the log, and whom it mentioned.
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
        // Spelled out: only then do the databases see that their index of edits will do.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("kind = 2"))
        .set(entries::body.eq(None::<String>))
        .execute(c))?;
    Ok(())
}
