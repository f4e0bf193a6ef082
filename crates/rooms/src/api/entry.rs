//! What stands in a room's log.

use super::{Role, RoomId};
use sessions::api::User;

/// The place of an entry in its room: 1, 2, 3 … without gaps.
pub type Seq = i64;

/// One durable change in a room. Never changes, but that a deleted message loses its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub room: RoomId,
    /// Its place.
    pub seq: Seq,
    /// Who did it.
    pub author: User,
    /// When, ms since 1970; informative, orders nothing.
    pub at: i64,
    /// What.
    pub change: Change,
}

impl Entry {
    /// The entry's id on the wire: unique on the server, made of the room's row and the seq.
    #[must_use]
    pub fn id(&self) -> String {
        Self::id_at(self.room, self.seq)
    }

    /// The id of the entry at this place.
    #[must_use]
    pub fn id_at(room: RoomId, seq: Seq) -> String {
        format!("{}.{seq}", room.0)
    }
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `message`; `body` is gone once it has been deleted.
    Message {
        /// The sender's own id for it.
        cid: String,
        /// What was said first; later bodies are `Edited`.
        body: Option<String>,
        /// The message it answers.
        reply_to: Option<Seq>,
        /// Members named in it.
        mentions: Vec<User>,
    },
    /// `edited`; `body` is gone once the message has been deleted.
    Edited {
        /// Which message.
        target: Seq,
        /// What it says now.
        body: Option<String>,
    },
    /// `deleted`.
    Deleted {
        /// Which message.
        target: Seq,
    },
    /// `reaction`.
    Reaction {
        /// To which message.
        target: Seq,
        /// With what.
        emoji: String,
        /// Set or taken back.
        on: bool,
    },
    /// `joined`.
    Joined,
    /// `left`.
    Left,
    /// `invited`.
    Invited {
        /// Who was.
        user: User,
        /// Why.
        reason: Option<String>,
    },
    /// `kicked`.
    Kicked {
        /// Who was.
        user: User,
        /// Why.
        reason: Option<String>,
    },
    /// `banned`.
    Banned {
        /// Who was.
        user: User,
        /// Why.
        reason: Option<String>,
    },
    /// `unbanned`.
    Unbanned {
        /// Who was.
        user: User,
        /// Why.
        reason: Option<String>,
    },
    /// `muted`.
    Muted {
        /// Who was.
        user: User,
        /// Until when, ms since 1970.
        until_ms: i64,
        /// Why.
        reason: Option<String>,
    },
    /// `unmuted`.
    Unmuted {
        /// Who was.
        user: User,
        /// Why.
        reason: Option<String>,
    },
    /// `role`.
    Role {
        /// Whose.
        user: User,
        /// What it is now.
        role: Role,
        /// Why.
        reason: Option<String>,
    },
    /// `room`: title, topic, history or kind; what stands here is what the room is after it.
    Room {
        /// What people call it.
        title: String,
        /// What it is about.
        topic: String,
        /// How far back.
        history: super::History,
        /// Who gets in.
        kind: super::Kind,
    },
}
