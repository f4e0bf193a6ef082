//! What an answer looks like on the wire.

use crate::highlights::Highlight;
use messaging::api::MessageInRoom;
use rooms::api::{Entry, RoomKey, Seq};
use serde::Serialize;

/// A page of what was found.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// The newest first.
    pub(crate) messages: Vec<FoundMessage>,
    /// The `cursor` of the next page, if there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// A message, in the shape of `history` without its reactions and mentions.
#[derive(Debug, Serialize)]
pub(crate) struct FoundMessage {
    room: String,
    seq: Seq,
    id: String,
    author: AuthorShape,
    at: String,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    highlights: Vec<Highlight>,
}

#[derive(Debug, Serialize)]
struct AuthorShape {
    id: String,
    name: String,
    guest: bool,
}

impl FoundMessage {
    pub(crate) fn new(
        room: &RoomKey,
        message: &MessageInRoom,
        body: String,
        highlights: Vec<Highlight>,
    ) -> Self {
        Self {
            room: room.0.to_string(),
            seq: message.seq,
            id: Entry::id_at(message.room, message.seq),
            author: AuthorShape {
                id: message.author.id.to_string(),
                name: message.author.name.to_string(),
                guest: message.author.guest,
            },
            at: time(message.at),
            body,
            edited_at: message.edited_at.map(time),
            reply_to: message.reply_to,
            highlights,
        }
    }

    /// Returns the approximate size of its texts, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
    }
}

fn time(at: i64) -> String {
    String::from_utf8_lossy(&bus::rfc3339(at)).into_owned()
}
