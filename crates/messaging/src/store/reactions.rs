//! Reactions to messages.
//!
//! A removed reaction keeps its row, with the entry that removed it, so that a repeat can be answered. A
//! deleted message has no rows. The column `emoji` has the keys of [`crate::emoji`].

use crate::api::Reaction;
use crate::emoji::shown;
use diesel::dsl::{case_when, max, min, sum};
use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use std::collections::HashMap;
use storage::prelude::*;

stored_table! {
    REACTIONS = reactions (room_id, seq, emoji, user_id) grouped by room_id {
        room_id -> BigInt,
        seq -> BigInt,
        emoji -> Text,
        user_id -> Binary,
        active -> Integer,
        entry_seq -> BigInt,
    }
}

const ACTIVE: i32 = 1;

/// What identifies a reaction: message, key of the emoji, and person.
pub(crate) struct ReactionKey<'a> {
    pub(crate) room: RoomId,
    pub(crate) seq: Seq,
    pub(crate) emoji: &'a str,
    pub(crate) user: UserId,
}

/// Whether a reaction is set, and the entry that last set or removed it; 0 if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReactionState {
    pub(crate) active: bool,
    pub(crate) entry_seq: Seq,
}

/// Returns the state of one reaction.
pub(crate) async fn state(
    access: &mut impl Access,
    key: &ReactionKey<'_>,
) -> Result<ReactionState, Fault> {
    use reactions as r;
    let row: Option<(i32, Seq)> = query!(access, |c| r::table
        .find((key.room.0, key.seq, key.emoji, &key.user.0[..]))
        .select((r::active, r::entry_seq))
        .first::<(i32, Seq)>(c))
    .optional()?;
    let (active, entry_seq) = row.unwrap_or_default();
    Ok(ReactionState {
        active: active == ACTIVE,
        entry_seq,
    })
}

/// Returns the keys of the emojis of a message's reactions, each once.
pub(crate) async fn kinds(
    access: &mut impl Access,
    room: RoomId,
    seq: Seq,
) -> Result<Vec<String>, Fault> {
    use reactions as r;
    let kinds = query!(access, |c| r::table
        .filter(
            r::room_id
                .eq(room.0)
                .and(r::seq.eq(seq))
                .and(r::active.eq(ACTIVE))
        )
        .select(r::emoji)
        .distinct()
        .load::<String>(c))?;
    Ok(kinds)
}

type CountedRow = (Seq, String, Option<i64>, Option<i32>, Option<Seq>);

/// Returns the reactions to the messages from `first` to `last` as one person sees them. Orders those of
/// a message by the oldest reaction of each kind that is still set.
pub(crate) async fn of_all(
    access: &mut impl Access,
    room: RoomId,
    (first, last): (Seq, Seq),
    viewer: UserId,
) -> Result<HashMap<Seq, Vec<Reaction>>, Fault> {
    use reactions as r;
    let mine = || max(case_when(r::user_id.eq(&viewer.0[..]), r::active).otherwise(0));
    let mut rows: Vec<CountedRow> = query!(access, |c| r::table
        .filter(
            r::room_id
                .eq(room.0)
                .and(r::seq.between(first, last))
                .and(r::active.eq(ACTIVE))
        )
        .group_by((r::seq, r::emoji))
        .select((r::seq, r::emoji, sum(r::active), mine(), min(r::entry_seq)))
        .load::<CountedRow>(c))?;
    rows.sort_by_key(|(.., first)| *first);
    let mut found: HashMap<Seq, Vec<Reaction>> = HashMap::new();
    for (seq, emoji, count, mine, _) in rows {
        found.entry(seq).or_default().push(Reaction {
            emoji: shown(&emoji).to_owned(),
            count: count
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(u32::MAX),
            mine: mine == Some(ACTIVE),
        });
    }
    Ok(found)
}

/// Adds or removes a reaction, and records the entry that did.
pub(crate) async fn set(
    tx: &mut Writer<'_>,
    key: &ReactionKey<'_>,
    on: bool,
    entry_seq: Seq,
) -> Result<(), Fault> {
    use reactions as r;
    let now = (r::active.eq(i32::from(on)), r::entry_seq.eq(entry_seq));
    statement!(tx, |c| diesel::insert_into(r::table)
        .values((
            r::room_id.eq(key.room.0),
            r::seq.eq(key.seq),
            r::emoji.eq(key.emoji),
            r::user_id.eq(&key.user.0[..]),
            now,
        ))
        .on_conflict((r::room_id, r::seq, r::emoji, r::user_id))
        .do_update()
        .set(now)
        .execute(c))?;
    Ok(())
}

/// Removes all reactions to a message.
pub(crate) async fn remove_all(tx: &mut Writer<'_>, room: RoomId, seq: Seq) -> Result<(), Fault> {
    use reactions as r;
    statement!(tx, |c| diesel::delete(
        r::table.filter(r::room_id.eq(room.0).and(r::seq.eq(seq)))
    )
    .execute(c))?;
    Ok(())
}

/// Removes the reactions to messages in `from..kept_from`.
pub(crate) async fn remove_range(
    tx: &mut Writer<'_>,
    room: RoomId,
    (from, kept_from): (Seq, Seq),
) -> Result<(), Fault> {
    use reactions as r;
    statement!(tx, |c| diesel::delete(r::table)
        .filter(r::room_id.eq(room.0))
        .filter(r::seq.ge(from))
        .filter(r::seq.lt(kept_from))
        .execute(c))?;
    Ok(())
}

/// Returns whether there are reactions to messages below `kept_from`.
pub(crate) async fn exist_below(
    access: &mut impl Access,
    room: RoomId,
    kept_from: Seq,
) -> Result<bool, Fault> {
    use reactions as r;
    let found: Option<Seq> = query!(access, |c| r::table
        .filter(r::room_id.eq(room.0))
        .filter(r::seq.lt(kept_from))
        .select(r::seq)
        .first(c))
    .optional()?;
    Ok(found.is_some())
}
