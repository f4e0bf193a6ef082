//! A room's best-effort state: typing, presence changes and its announced head.

use rooms::api::{Change, Seq};
use sessions::api::{ConnectionId, User, UserId};
use std::collections::HashMap;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct RoomActivity {
    /// Number of members, once read; then updated from the entries.
    pub(super) count: Option<u64>,
    /// The number of members is being read.
    pub(super) counting: bool,
    pub(super) typists: HashMap<UserId, Typist>,
    /// Users who came online (`true`) or went offline since the last push.
    pub(super) changes: Vec<(User, bool)>,
    /// When presence was last pushed.
    pub(super) pushed: Option<Instant>,
    pub(super) announced: Option<AnnouncedHead>,
}

/// A user who types, or did within the last seconds.
pub(super) struct Typist {
    pub(super) user: User,
    pub(super) connection: ConnectionId,
    pub(super) on: bool,
    /// When typing was last pushed as begun.
    pub(super) counted: Instant,
}

/// A head that was announced to the subscribers.
pub(super) struct AnnouncedHead {
    pub(super) head: Seq,
    pub(super) at: Instant,
    /// The second and last announcement was made.
    pub(super) repeated: bool,
}

impl RoomActivity {
    pub(super) fn set_count(&mut self, count: u64) {
        self.count = Some(count);
    }

    /// Updates the number of members from an entry; forgets it where the entry does not tell.
    pub(super) fn update_count(&mut self, change: &Change) {
        self.count = match change {
            Change::Joined => self.count.map(|count| count + 1),
            Change::Left | Change::Kicked { .. } => self.count.map(|count| count.saturating_sub(1)),
            Change::Banned { .. } => None,
            _ => self.count,
        };
    }

    /// Drops the typing and presence of a former member.
    pub(super) fn forget(&mut self, user: UserId) {
        self.typists.remove(&user);
        self.changes.retain(|(changed, _)| changed.id != user);
    }

    /// Returns whether the room needs ticks.
    pub(super) fn needs_tick(&self) -> bool {
        !self.typists.is_empty()
            || !self.changes.is_empty()
            || self.announced.as_ref().is_some_and(|told| !told.repeated)
    }
}
