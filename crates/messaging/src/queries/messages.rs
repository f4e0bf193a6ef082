//! `ReadMessages`: messages of several rooms, by their positions.

use crate::api::{MessageInRoom, ReadMessages};
use crate::store::states;
use rooms::api::{Change, Entry, RoomId, Seq, log};
use std::collections::HashMap;
use storage::prelude::*;

/// The maximum number of messages: all of their texts are in memory at once.
const MESSAGES_MAX: usize = 100;

/// Reads the messages that the caller may read now, with their last edits.
pub(super) async fn read(
    access: &mut impl Access,
    request: ReadMessages,
) -> Result<Vec<MessageInRoom>, Fault> {
    let ReadMessages {
        caller,
        mut positions,
    } = request;
    positions.truncate(MESSAGES_MAX);
    let positions = log::readable(access, caller.user.id, &positions).await?;
    let edits = edits(access, &positions).await?;
    let entries = log::entries_of_rooms(access, &positions).await?;
    let messages = entries.into_iter();
    Ok(messages
        .filter_map(|entry| message(entry, &edits))
        .collect())
}

/// The last edit of each undeleted message: its text and time.
type Edits = HashMap<(RoomId, Seq), (Option<String>, i64)>;

async fn edits(access: &mut impl Access, positions: &[(RoomId, Seq)]) -> Result<Edits, Fault> {
    let states = states::of_positions(access, positions).await?;
    let undeleted = states
        .iter()
        .filter(|(_, state)| state.deleted_seq.is_none());
    let edits: Vec<(RoomId, Seq)> = undeleted
        .filter_map(|((room, _), state)| Some((*room, state.edited_seq?)))
        .collect();
    let entries = log::entries_of_rooms(access, &edits).await?;
    let edits = entries.into_iter().filter_map(|entry| match entry.change {
        Change::Edited { target, body } => Some(((entry.room, target), (body, entry.at))),
        _ => None,
    });
    Ok(edits.collect())
}

fn message(entry: Entry, edits: &Edits) -> Option<MessageInRoom> {
    let Change::Message { body, reply_to, .. } = entry.change else {
        return None;
    };
    let edit = edits.get(&(entry.room, entry.seq));
    Some(MessageInRoom {
        room: entry.room,
        seq: entry.seq,
        author: entry.author,
        at: entry.at,
        body: edit.map_or(body, |(text, _)| text.clone()),
        edited_at: edit.map(|(_, at)| *at),
        reply_to,
    })
}
