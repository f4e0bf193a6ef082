//! Which messages were edited or deleted, and by which entry. The bodies are in the room's log.

use diesel::sql_types::{BigInt, Nullable};
use rooms::api::{RoomId, Seq};
use std::collections::HashMap;
use storage::list::Rows;
use storage::prelude::*;

stored_table! {
    MESSAGE_STATES = message_states (room_id, seq) grouped by room_id {
        room_id -> BigInt,
        seq -> BigInt,
        edited_seq -> Nullable<BigInt>,
        deleted_seq -> Nullable<BigInt>,
    }
}

/// A message's edit and deletion; by default neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MessageState {
    /// The entry of the last edit.
    pub(crate) edited_seq: Option<Seq>,
    /// The entry of the deletion.
    pub(crate) deleted_seq: Option<Seq>,
}

/// Returns the states of the edited or deleted messages among these.
pub(crate) async fn of_positions(
    access: &mut impl Access,
    positions: &[(RoomId, Seq)],
) -> Result<HashMap<(RoomId, Seq), MessageState>, Fault> {
    if positions.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, Seq, Option<Seq>, Option<Seq>)> =
        query!(access, |c| at_each(positions).load(c))?;
    let states = rows.into_iter().map(|(room, seq, edited, deleted)| {
        let (seq, state) = state((seq, edited, deleted));
        ((RoomId(room), seq), state)
    });
    Ok(states.collect())
}

fn at_each(
    positions: &[(RoomId, Seq)],
) -> Rows<'_, (BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>)> {
    let rooms = positions.iter().map(|(room, _)| room.0);
    let seqs = positions.iter().map(|(_, seq)| *seq);
    Rows::new(
        vec![("room", rooms.collect()), ("place", seqs.collect())],
        "SELECT s.room_id, s.seq, s.edited_seq, s.deleted_seq FROM w CROSS JOIN message_states s \
         WHERE s.room_id = w.room AND s.seq = w.place",
    )
}

type StateRow = (Seq, Option<Seq>, Option<Seq>);

/// Returns the state of one message.
pub(crate) async fn of(
    access: &mut impl Access,
    room: RoomId,
    seq: Seq,
) -> Result<MessageState, Fault> {
    Ok(of_all(access, room, (seq, seq))
        .await?
        .remove(&seq)
        .unwrap_or_default())
}

/// Returns the states of the edited or deleted messages from `first` to `last`.
pub(crate) async fn of_all(
    access: &mut impl Access,
    room: RoomId,
    (first, last): (Seq, Seq),
) -> Result<HashMap<Seq, MessageState>, Fault> {
    use message_states as s;
    let rows: Vec<StateRow> = query!(access, |c| s::table
        .filter(s::room_id.eq(room.0).and(s::seq.between(first, last)))
        .select((s::seq, s::edited_seq, s::deleted_seq))
        .load::<StateRow>(c))?;
    Ok(rows.into_iter().map(state).collect())
}

/// Returns where the last edit of each of these messages is, if it was edited and not deleted. One query.
pub(crate) async fn edits_of(
    access: &mut impl Access,
    messages: &[(RoomId, Seq)],
) -> Result<Vec<(RoomId, Seq)>, Fault> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(i64, i64)> = query!(access, |c| edits_at(messages).load(c))?;
    Ok(found
        .into_iter()
        .map(|(room, seq)| (RoomId(room), seq))
        .collect())
}

fn edits_at(messages: &[(RoomId, Seq)]) -> Rows<'_, (BigInt, BigInt)> {
    let rooms = messages.iter().map(|(room, _)| room.0);
    let seqs = messages.iter().map(|(_, seq)| *seq);
    Rows::new(
        vec![("room", rooms.collect()), ("place", seqs.collect())],
        "SELECT s.room_id, s.edited_seq FROM w CROSS JOIN message_states s \
         WHERE s.room_id = w.room AND s.seq = w.place \
           AND s.edited_seq IS NOT NULL AND s.deleted_seq IS NULL",
    )
}

fn state((seq, edited_seq, deleted_seq): StateRow) -> (Seq, MessageState) {
    let state = MessageState {
        edited_seq,
        deleted_seq,
    };
    (seq, state)
}

/// Records the entry of an edit.
pub(crate) async fn set_edited(
    tx: &mut Writer<'_>,
    room: RoomId,
    seq: Seq,
    edited_seq: Seq,
) -> Result<(), Fault> {
    use message_states as s;
    statement!(tx, |c| diesel::insert_into(s::table)
        .values((
            s::room_id.eq(room.0),
            s::seq.eq(seq),
            s::edited_seq.eq(edited_seq)
        ))
        .on_conflict((s::room_id, s::seq))
        .do_update()
        .set(s::edited_seq.eq(edited_seq))
        .execute(c))?;
    Ok(())
}

/// Records the entry of a deletion.
pub(crate) async fn set_deleted(
    tx: &mut Writer<'_>,
    room: RoomId,
    seq: Seq,
    deleted_seq: Seq,
) -> Result<(), Fault> {
    use message_states as s;
    statement!(tx, |c| diesel::insert_into(s::table)
        .values((
            s::room_id.eq(room.0),
            s::seq.eq(seq),
            s::deleted_seq.eq(deleted_seq)
        ))
        .on_conflict((s::room_id, s::seq))
        .do_update()
        .set(s::deleted_seq.eq(deleted_seq))
        .execute(c))?;
    Ok(())
}

/// Removes the states of messages in `from..kept_from`.
pub(crate) async fn remove_range(
    tx: &mut Writer<'_>,
    room: RoomId,
    (from, kept_from): (Seq, Seq),
) -> Result<(), Fault> {
    use message_states as s;
    statement!(tx, |c| diesel::delete(s::table)
        .filter(s::room_id.eq(room.0))
        .filter(s::seq.ge(from))
        .filter(s::seq.lt(kept_from))
        .execute(c))?;
    Ok(())
}

/// Returns whether there are states of messages below `kept_from`.
pub(crate) async fn exist_below(
    access: &mut impl Access,
    room: RoomId,
    kept_from: Seq,
) -> Result<bool, Fault> {
    use message_states as s;
    let found: Option<Seq> = query!(access, |c| s::table
        .filter(s::room_id.eq(room.0))
        .filter(s::seq.lt(kept_from))
        .select(s::seq)
        .first(c))
    .optional()?;
    Ok(found.is_some())
}
