//! What a list of rooms shows of their logs, read in the caller's own transaction: a few queries, however
//! many rooms the list has.

pub use crate::store::last_messages::BEGINNING_CHARS;

use super::{RoomId, Seq};
use crate::store::{entries, last_messages, people};
use sessions::api::{User, UserId, directory};
use std::collections::HashMap;
use storage::prelude::*;

/// Counts like [`super::log::unread`] for each of these rooms, given with the marker in it. One query.
pub async fn unread_of_all(
    access: &mut impl Access,
    user: UserId,
    markers: &[(RoomId, Seq)],
) -> Result<HashMap<RoomId, (u32, u32)>, Fault> {
    entries::unread_of_all(access, user, markers).await
}

/// A room's newest message, with the beginning of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestMessage {
    /// The position of its entry.
    pub seq: Seq,
    /// The person who sent it.
    pub author: User,
    /// When it was sent, ms since 1970.
    pub at: i64,
    /// The beginning of the text as first sent; `None` once deleted.
    pub text: Option<String>,
}

/// Returns the newest message of each of these rooms that has one at or above the `seq` given with it.
/// Two queries.
pub async fn newest_messages(
    access: &mut impl Access,
    rooms: &[(RoomId, Seq)],
) -> Result<HashMap<RoomId, NewestMessage>, Fault> {
    let found = last_messages::newest(access, rooms).await?;
    let authors: Vec<UserId> = found.values().map(|message| message.author).collect();
    let users = directory::by_id(access, &authors).await?;
    let message = |(room, message): (RoomId, last_messages::NewestRecord)| {
        let newest = NewestMessage {
            seq: message.seq,
            author: people::named(&users, message.author),
            at: message.at,
            text: message.text,
        };
        (room, newest)
    };
    Ok(found.into_iter().map(message).collect())
}

/// Returns the beginnings, at most [`BEGINNING_CHARS`] characters, of the texts at those of these positions
/// that have one. One query.
pub async fn beginnings(
    access: &mut impl Access,
    positions: &[(RoomId, Seq)],
) -> Result<HashMap<(RoomId, Seq), String>, Fault> {
    last_messages::beginnings(access, positions).await
}
