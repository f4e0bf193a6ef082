//! What a member writes into a log, and the result.

use super::{Entry, RoomInfo, RoomKey, Seq};
use sessions::api::User;
use std::sync::Arc;

/// An entry to be written for a member.
#[derive(Debug, Clone)]
pub struct Append<'a> {
    /// The room's key, as the client sent it.
    pub room: &'a RoomKey,
    /// The entry's author; membership is checked.
    pub author: &'a User,
    /// When the command arrived, ms since 1970.
    pub at: i64,
    /// The change to write; the caller has validated its texts.
    pub what: Draft<'a>,
}

/// What a member writes. The caller makes sure that `Edited`, `Deleted` and `Reaction` change
/// something; only `Message` is checked for repeats.
#[derive(Debug, Clone)]
pub enum Draft<'a> {
    /// A message, identified by (`cid`, author, room).
    Message {
        /// The sender's own id, 1–64 characters.
        cid: &'a str,
        /// The text, in NFC and within the limits.
        body: &'a str,
        /// A message of the room that the author may read; may be deleted.
        reply_to: Option<Seq>,
    },
    /// A new text for a message.
    Edited {
        /// The message to edit.
        target: Seq,
        /// The new text, in NFC and within the limits.
        body: &'a str,
    },
    /// The deletion of a message.
    Deleted {
        /// The message to delete.
        target: Seq,
    },
    /// A reaction, added or removed.
    Reaction {
        /// The message to react to.
        target: Seq,
        /// The emoji, 1–32 bytes.
        emoji: &'a str,
        /// True to add, false to remove.
        on: bool,
    },
}

/// An entry that was written, now or by an earlier attempt.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The room's properties after the entry.
    pub room: Arc<RoomInfo>,
    /// The entry's position in the log.
    pub seq: Seq,
    /// When it was first written, ms since 1970.
    pub at: i64,
    /// True if a message with this `cid` existed already.
    pub dup: bool,
}

impl Appended {
    /// Returns the entry's id on the wire: [`Entry::id`].
    #[must_use]
    pub fn id(&self) -> String {
        Entry::id_at(self.room.id, self.seq)
    }
}
