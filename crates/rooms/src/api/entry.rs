//! The entries of a room's log.

use super::{Role, RoomId};
use sessions::api::User;

/// The position of an entry in its room's log: 1, 2, 3 … without gaps.
pub type Seq = i64;

/// One durable change in a room. Immutable, except that a deleted message loses its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The room whose log the entry is in.
    pub room: RoomId,
    /// The entry's position in that log.
    pub seq: Seq,
    /// The person who made the change.
    pub author: User,
    /// When it was written, ms since 1970; informative, entries are ordered by `seq` alone.
    pub at: i64,
    /// The change that the entry records.
    pub change: Change,
}

impl Entry {
    /// Returns the entry's id on the wire, made of the room's id and the seq: unique on the server.
    #[must_use]
    pub fn id(&self) -> String {
        Self::id_at(self.room, self.seq)
    }

    /// Returns the wire id of the entry at `seq`.
    #[must_use]
    pub fn id_at(room: RoomId, seq: Seq) -> String {
        format!("{}.{seq}", room.0)
    }
}

/// The change that an entry records. Each variant names its `kind` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `message`: a message was sent.
    Message {
        /// The sender's own id for the message.
        cid: String,
        /// The text as first sent (edits are `Edited` entries); `None` once the message is deleted.
        body: Option<String>,
        /// The message that this one replies to.
        reply_to: Option<Seq>,
        /// The members mentioned in the text, each once.
        mentions: Vec<User>,
    },
    /// `edited`: a message got a new text.
    Edited {
        /// The edited message's entry.
        target: Seq,
        /// The new text; `None` once the message is deleted.
        body: Option<String>,
    },
    /// `deleted`: a message was deleted.
    Deleted {
        /// The deleted message's entry.
        target: Seq,
    },
    /// `reaction`: the author added or removed a reaction.
    Reaction {
        /// The message's entry.
        target: Seq,
        /// The emoji; empty once the message is deleted or no longer kept.
        emoji: String,
        /// True if added, false if removed.
        on: bool,
    },
    /// `joined`: the author became a member.
    Joined,
    /// `left`: the author stopped being a member.
    Left,
    /// `invited`: the author invited someone.
    Invited {
        /// The person who was invited.
        user: User,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `kicked`: the author removed a member or withdrew an invitation.
    Kicked {
        /// The person who was kicked.
        user: User,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `banned`: the author removed someone and keeps them from joining.
    Banned {
        /// The person who was banned.
        user: User,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `unbanned`: the author lifted a ban.
    Unbanned {
        /// The person who may join again.
        user: User,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `muted`: the author muted a member.
    Muted {
        /// The person who was muted.
        user: User,
        /// When the mute ends, ms since 1970.
        until_ms: i64,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `unmuted`: the author ended a mute.
    Unmuted {
        /// The person who may write again.
        user: User,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `role`: a member got another role.
    Role {
        /// The member whose role changed.
        user: User,
        /// The member's new role.
        role: Role,
        /// The reason that the author gave.
        reason: Option<String>,
    },
    /// `room`: the room's properties changed; these are all of them after the change.
    Room {
        /// The name that people see.
        title: String,
        /// What the room is about; may be empty.
        topic: String,
        /// How far back members may read.
        history: super::History,
        /// Who may find and join the room.
        kind: super::Kind,
    },
}
