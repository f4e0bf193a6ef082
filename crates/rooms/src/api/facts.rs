//! The events that rooms publishes.

use super::{Entry, RoomInfo, RoomKey, Seq};
use bus::Event;
use sessions::api::UserId;
use std::sync::Arc;

/// Entries were committed. On one node, each room's entries arrive in `seq` order; they have a gap
/// only if another node wrote in between or an event was lost. Only the log writer publishes this,
/// whichever crate appended. Every copy of the memberships is kept up to date from these entries
/// alone.
#[derive(Debug, Clone)]
pub struct EntriesAppended {
    /// One item per room.
    pub rooms: Vec<RoomEntries>,
}

impl Event for EntriesAppended {
    const NAME: &'static str = "rooms.entries_appended";
}

/// The new entries of one room, ascending and without a gap between them.
#[derive(Debug, Clone)]
pub struct RoomEntries {
    /// The room as it is after these entries.
    pub room: Arc<RoomInfo>,
    /// The entries, at least one.
    pub entries: Vec<Arc<Entry>>,
}

/// Retention deleted a room's oldest entries: all below `kept_from` are gone.
#[derive(Debug, Clone)]
pub struct EntriesForgotten {
    /// The room that lost the entries.
    pub room: Arc<RoomInfo>,
    /// The first entry that existed before.
    pub from: Seq,
    /// The first entry that still exists.
    pub kept_from: Seq,
}

impl Event for EntriesForgotten {
    const NAME: &'static str = "rooms.entries_forgotten";
}

/// Someone accepted a direct room that the other person opened, by opening it too. No entry records
/// this. Someone who accepts by writing is known by the entry instead.
#[derive(Debug, Clone)]
pub struct DirectAnswered {
    /// The direct room's key.
    pub room: RoomKey,
    /// The person who accepted it.
    pub user: UserId,
}

impl Event for DirectAnswered {
    const NAME: &'static str = "rooms.direct_answered";
}
