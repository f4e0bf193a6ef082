//! The event that messaging publishes.

use bus::Event;
use rooms::api::{RoomKey, Seq};
use sessions::api::{ConnectionId, UserId};

/// A user's read marker moved; published for the user's other connections.
#[derive(Debug, Clone)]
pub struct MarkerMoved {
    /// The marker's owner.
    pub user: UserId,
    /// The room's key.
    pub room: RoomKey,
    /// The marker's new position.
    pub seq: Seq,
    /// The number of unread messages above it, at most 999.
    pub unread: u32,
    /// The number of those that mention the user, at most 999.
    pub mentions: u32,
    /// The connection that moved it and gets the reply; `None` over HTTP.
    pub by: Option<ConnectionId>,
}

impl Event for MarkerMoved {
    const NAME: &'static str = "messaging.marker_moved";
}
