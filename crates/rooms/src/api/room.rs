//! What a room is.

use sessions::api::{User, UserId};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use storage::LaneKey;

/// A room's row; never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub i64);

/// The `room` of every command, push and cursor: a chosen name, or `~` and 22 characters.
/// Anything may be in it until a room has been found by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(pub Arc<str>);

impl RoomKey {
    /// The write lane of everything that writes into this room's log, whichever crate it is: only
    /// within one lane do entries reach the bus in `seq` order.
    #[must_use]
    pub fn lane(&self) -> LaneKey {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        LaneKey(hasher.finish())
    }
}

/// Who finds a room, and how one gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Listed; anyone joins.
    Public,
    /// By invitation; unknown to everyone else.
    Private,
    /// Of two people.
    Direct,
}

/// How far back members read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The whole log.
    All,
    /// From the entry of their own joining.
    SinceJoin,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Speak.
    Member,
    /// Also invite into private rooms, kick, ban, mute, delete, change title and topic.
    Moderator,
    /// Also change history, kind and roles.
    Owner,
}

/// A room as everyone in it sees it, after the change that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomInfo {
    /// Its row.
    pub id: RoomId,
    /// Its key.
    pub key: RoomKey,
    /// What people call it.
    pub title: String,
    /// What it is about.
    pub topic: String,
    /// Who gets in.
    pub kind: Kind,
    /// How far back.
    pub history: History,
    /// The two of a direct room.
    pub pair: Option<(User, User)>,
}

/// A room as one person sees it: `{"room","title","topic","kind","history","role","with"?}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The room.
    pub room: Arc<RoomInfo>,
    /// The person's role; `None` for one who is not a member.
    pub role: Option<Role>,
    /// The other one of a direct room.
    pub with: Option<User>,
}

impl RoomInfo {
    /// The card of this room for one person.
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
