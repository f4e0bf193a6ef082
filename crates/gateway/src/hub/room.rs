//! A room as the hub knows it: who gets its entries, and which entry comes next.

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
    /// The entry to be delivered next; unknown until an entry or a head was seen.
    pub(super) next: Option<Seq>,
    pub(super) subs: HashMap<ConnectionId, Subscription>,
    /// The members that the hub knows as people.
    pub(super) members: HashSet<UserId>,
    /// Of a direct room.
    pub(super) consent: DirectConsent,
    /// Entries that came too early, and how far the log is known to go.
    pub(super) missing: Option<Box<MissingRange>>,
    /// Typing, presence and heads.
    pub(super) activity: RoomActivity,
}

impl Room {
    /// Whether the client that knows everything up to `cursor` has missed nothing.
    pub(super) fn is_caught_up(&self, cursor: Seq) -> bool {
        self.next.is_none_or(|next| next <= cursor + 1)
    }

    /// Learns how far the room is, if nothing better is known.
    pub(super) fn learn_head(&mut self, head: Seq) {
        self.next.get_or_insert(head + 1);
    }

    /// Nobody here has anything to do with it.
    pub(super) fn is_unused(&self) -> bool {
        self.subs.is_empty() && self.members.is_empty()
    }
}
