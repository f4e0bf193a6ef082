//! Rooms and their properties.

use sessions::api::{User, UserId};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use storage::LaneKey;

/// A room's id in the database; never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub i64);

/// The `room` of every command, push and cursor: a chosen name, or `~` and 22 characters. Not
/// validated: a client may send any string, and only a lookup shows whether such a room exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(pub Arc<str>);

impl RoomKey {
    /// Returns the write lane for every job that writes into this room's log, in whichever crate:
    /// only within one lane do entries reach the bus in `seq` order.
    #[must_use]
    pub fn lane(&self) -> LaneKey {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        LaneKey(hasher.finish())
    }
}

/// Who may find and join a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Listed; anyone may join.
    Public,
    /// By invitation; invisible to everyone else.
    Private,
    /// Between two people.
    Direct,
}

/// How far back members may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The whole log.
    All,
    /// From the member's own `joined` entry on.
    SinceJoin,
}

/// What a member may do; each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Write, react, and invite into public rooms.
    Member,
    /// Invite into private rooms, kick, ban, mute, delete, change title and topic.
    Moderator,
    /// Change history, kind and roles.
    Owner,
}

/// A room's properties, as everyone in it sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomInfo {
    /// The room's database id.
    pub id: RoomId,
    /// The room's key on the wire.
    pub key: RoomKey,
    /// The name that people see; empty for a direct room.
    pub title: String,
    /// What the room is about; may be empty.
    pub topic: String,
    /// Who may find and join the room.
    pub kind: Kind,
    /// How far back members may read.
    pub history: History,
    /// The two people of a direct room, the lower id first; `None` for other rooms.
    pub pair: Option<(User, User)>,
}

/// A room as one person sees it: `{"room","title","topic","kind","history","role","with"?}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The person's role; `None` for a non-member.
    pub role: Option<Role>,
    /// The other person of a direct room.
    pub with: Option<User>,
}

impl RoomInfo {
    /// Returns this room's card for one person.
    #[must_use]
    pub fn card(self: &Arc<Self>, viewer: UserId, role: Option<Role>) -> Card {
        let with = self
            .pair
            .as_ref()
            .map(|(a, b)| if a.id == viewer { b.clone() } else { a.clone() });
        Card {
            room: Arc::clone(self),
            role,
            with,
        }
    }
}
