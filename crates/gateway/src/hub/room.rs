//! A room as the hub knows it: its subscribers and its next entry.

use super::consent::DirectConsent;
use super::missing_range::MissingRange;
use super::room_activity::RoomActivity;
use super::subscription::Subscription;
use rooms::api::{RoomInfo, Seq};
use sessions::api::{ConnectionId, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Room {
    pub(super) info: Option<Arc<RoomInfo>>,
    /// The next entry to deliver; unknown until an entry or a head was seen.
    pub(super) next: Option<Seq>,
    pub(super) subs: HashMap<ConnectionId, Subscription>,
    /// The members whom the hub knows.
    pub(super) members: HashSet<UserId>,
    /// Meaningful in direct rooms only.
    pub(super) consent: DirectConsent,
    /// Set while entries are missing.
    pub(super) missing: Option<Box<MissingRange>>,
    /// Typing, presence and heads.
    pub(super) activity: RoomActivity,
}

impl Room {
    /// Returns whether a client that knows everything up to `cursor` has missed nothing.
    pub(super) fn is_caught_up(&self, cursor: Seq) -> bool {
        self.next.is_none_or(|next| next <= cursor + 1)
    }

    /// Learns the room's head if the next entry is unknown.
    pub(super) fn learn_head(&mut self, head: Seq) {
        self.next.get_or_insert(head + 1);
    }

    /// Returns whether the room has neither subscribers nor known members.
    pub(super) fn is_unused(&self) -> bool {
        self.subs.is_empty() && self.members.is_empty()
    }
}
