//! What rooms states.

use super::{Entry, RoomInfo, RoomKey, Seq};
use bus::Event;
use sessions::api::UserId;
use std::sync::Arc;

/// Entries were committed. On one node each room's come in `seq` order, without holes unless
/// another node or a fault made one. Stated by the log writer alone, whichever crate appended. Every
/// copy of membership follows these entries; no other fact says the same.
#[derive(Debug, Clone)]
pub struct EntriesAppended {
    /// One part per room.
    pub rooms: Vec<RoomEntries>,
}

impl Event for EntriesAppended {
    const NAME: &'static str = "rooms.entries_appended";
}

/// The entries of one room, ascending and without a hole between them.
#[derive(Debug, Clone)]
pub struct RoomEntries {
    /// The room as it is after them.
    pub room: Arc<RoomInfo>,
    /// At least one.
    pub entries: Vec<Arc<Entry>>,
}

/// A room's oldest entries were too old to be kept: nothing below this place is there any more.
#[derive(Debug, Clone)]
pub struct EntriesForgotten {
    /// Which room.
    pub room: Arc<RoomInfo>,
    /// The first entry that was there before.
    pub from: Seq,
    /// The first entry that is left.
    pub kept_from: Seq,
}

impl Event for EntriesForgotten {
    const NAME: &'static str = "rooms.entries_forgotten";
}

/// Someone has answered a direct room that the other one opened, by asking for it: no entry says
/// so. One who answers by writing is known by the entry.
#[derive(Debug, Clone)]
pub struct DirectAnswered {
    /// Which room.
    pub room: RoomKey,
    /// Who has answered.
    pub user: UserId,
}

impl Event for DirectAnswered {
    const NAME: &'static str = "rooms.direct_answered";
}
