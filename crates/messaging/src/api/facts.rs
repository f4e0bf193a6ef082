//! What messaging states.

use bus::Event;
use rooms::api::{RoomKey, Seq};
use sessions::api::{ConnectionId, UserId};

/// A user's read marker moved: for the user's other connections.
#[derive(Debug, Clone)]
pub struct MarkerMoved {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub room: RoomKey,
    /// To where.
    pub seq: Seq,
    /// Unread above it.
    pub unread: u32,
    /// Of those, how many mention the user.
    pub mentions: u32,
    /// The connection that moved it and has its reply; `None` over HTTP.
    pub by: Option<ConnectionId>,
}

impl Event for MarkerMoved {
    const NAME: &'static str = "messaging.marker_moved";
}
