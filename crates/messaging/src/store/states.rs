//! Which messages were edited or deleted, and by which entry. The bodies stay in the room log.

use rooms::api::{RoomId, Seq};
use std::collections::HashMap;
use storage::prelude::*;

table! {
    message_states (room_id, seq) {
        room_id -> BigInt,
        seq -> BigInt,
        edited_seq -> Nullable<BigInt>,
        deleted_seq -> Nullable<BigInt>,
    }
}

/// How a message stands; the default is as it was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MessageState {
    /// The last edit.
    pub(crate) edited_seq: Option<Seq>,
    /// The deletion.
    pub(crate) deleted_seq: Option<Seq>,
}

type StateRow = (Seq, Option<Seq>, Option<Seq>);

/// The state of one message.
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

/// The states of those messages from the one place to the other that have one.
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

fn state((seq, edited_seq, deleted_seq): StateRow) -> (Seq, MessageState) {
    let state = MessageState {
        edited_seq,
        deleted_seq,
    };
    (seq, state)
}

/// Notes the entry of an edit.
pub(crate) async fn edited(
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

/// Notes the entry of a deletion.
pub(crate) async fn deleted(
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

/// Forgets the states of messages between these places, the last one excluded.
pub(crate) async fn forget(
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

/// Whether there is a state of a message below this place.
pub(crate) async fn any_below(
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
