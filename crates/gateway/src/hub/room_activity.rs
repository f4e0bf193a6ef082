//! What is soft about a room: who types, who came and went, how far its log is by the store.

use rooms::api::{Change, Seq};
use sessions::api::{ConnectionId, User, UserId};
use std::collections::HashMap;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct RoomActivity {
    /// Members, once that was asked for; follows the entries from then on.
    pub(super) count: Option<u64>,
    /// It is being asked for.
    pub(super) counting: bool,
    pub(super) typists: HashMap<UserId, Typist>,
    /// Who came or went since the last push.
    pub(super) changes: Vec<(User, bool)>,
    /// When presence was pushed last.
    pub(super) pushed: Option<Instant>,
    pub(super) announced: Option<AnnouncedHead>,
}

/// Someone who types, or did within the last seconds.
pub(super) struct Typist {
    pub(super) user: User,
    pub(super) connection: ConnectionId,
    pub(super) on: bool,
    /// When the last `on` counted.
    pub(super) counted: Instant,
}

/// A head that subscribers were told.
pub(super) struct AnnouncedHead {
    pub(super) head: Seq,
    pub(super) at: Instant,
    /// It was told for the second and last time.
    pub(super) repeated: bool,
}

impl RoomActivity {
    pub(super) fn set_count(&mut self, count: u64) {
        self.count = Some(count);
    }

    /// The number of members follows an entry; where that is not to be told from it, it is to be
    /// counted again.
    pub(super) fn update_count(&mut self, change: &Change) {
        self.count = match change {
            Change::Joined => self.count.map(|count| count + 1),
            Change::Left | Change::Kicked { .. } => self.count.map(|count| count.saturating_sub(1)),
            Change::Banned { .. } => None,
            _ => self.count,
        };
    }

    /// A member is one no longer.
    pub(super) fn forget(&mut self, user: UserId) {
        self.typists.remove(&user);
        self.changes.retain(|(changed, _)| changed.id != user);
    }

    /// Whether time will still change something.
    pub(super) fn needs_tick(&self) -> bool {
        !self.typists.is_empty()
            || !self.changes.is_empty()
            || self.announced.as_ref().is_some_and(|told| !told.repeated)
    }
}
