//! What rooms states.

use super::{Entry, RoomFace};
use bus::Event;
use std::sync::Arc;

/// Entries were committed. On one node each room's come in `seq` order, without holes unless
/// another node or a fault made one. Stated by the pen alone, whichever crate appended. There is
/// no other fact about rooms: every copy of membership follows these entries.
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
    pub room: Arc<RoomFace>,
    /// At least one.
    pub entries: Vec<Arc<Entry>>,
}
