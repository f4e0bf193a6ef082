//! A member's rights in a room.

use super::{Role, RoomInfo, Seq};
use std::sync::Arc;

/// A member's rights in a room. Stable until the transaction ends if [`super::log::admit`]
/// returned it, since that locks the room.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The member's effective role: server administrators are at least moderators of public rooms.
    pub role: Role,
    /// When the mute ends, ms since 1970; may have passed.
    pub muted_until: Option<i64>,
    /// The first entry that the member may read.
    pub visible_from: Seq,
    /// The member's own latest `joined` entry.
    pub joined_seq: Seq,
    /// The `seq` of the room's last entry.
    pub head: Seq,
}
