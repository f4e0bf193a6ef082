//! A user as the hub knows them: their connections here and their memberships, copied once and
//! then following the entries.

use rooms::api::{Role, RoomKey, Seq};
use sessions::api::{ConnectionId, User};
use smallvec::SmallVec;
use std::collections::HashMap;
use tokio::time::Instant;

pub(super) struct Person {
    /// As last seen.
    pub(super) user: User,
    pub(super) connections: SmallVec<[ConnectionId; 2]>,
    pub(super) memberships: HashMap<RoomKey, KnownMembership>,
    /// Until when they are muted (ms since 1970) where they ever were, as of an entry.
    mutes: HashMap<RoomKey, (Seq, i64)>,
    /// The memberships have been copied: what is not among the stays is not.
    pub(super) known: bool,
    /// Came online before the memberships were known.
    pub(super) came_online: bool,
    /// Since when there has been no connection here.
    pub(super) disconnected_since: Option<Instant>,
}

/// Where someone stands in one room, as of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownMembership {
    pub(super) seq: Seq,
    /// `None`: the stay has ended.
    pub(super) role: Option<Role>,
}

impl Person {
    pub(super) fn new(user: User) -> Self {
        Self {
            user,
            connections: SmallVec::new(),
            memberships: HashMap::new(),
            mutes: HashMap::new(),
            known: false,
            came_online: false,
            disconnected_since: Some(Instant::now()),
        }
    }

    /// Notes a change at `seq`, unless a later one is known. Returns what stood before, if this is
    /// news.
    pub(super) fn record_role(
        &mut self,
        room: &RoomKey,
        seq: Seq,
        role: Option<Role>,
    ) -> Option<PreviousStatus> {
        let membership = KnownMembership { seq, role };
        match self.memberships.get_mut(room) {
            Some(known) if known.seq >= seq => None,
            Some(known) => {
                let before = std::mem::replace(known, membership);
                Some(PreviousStatus::of(before.role))
            }
            None => {
                self.memberships.insert(room.clone(), membership);
                Some(if self.known {
                    PreviousStatus::NotMember
                } else {
                    PreviousStatus::Unknown
                })
            }
        }
    }

    /// Notes a mute as of an entry, unless a later one is known.
    pub(super) fn record_mute(&mut self, room: &RoomKey, seq: Seq, until_ms: i64) {
        let known = self.mutes.get(room);
        if known.is_none_or(|(known, _)| *known < seq) {
            self.mutes.insert(room.clone(), (seq, until_ms));
        }
    }

    pub(super) fn is_muted(&self, room: &RoomKey, now_ms: i64) -> bool {
        let mute = self.mutes.get(room);
        mute.is_some_and(|(_, until_ms)| *until_ms > now_ms)
    }

    pub(super) fn role(&self, room: &RoomKey) -> Option<Role> {
        self.memberships
            .get(room)
            .and_then(|membership| membership.role)
    }

    /// The rooms they are a member of.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &RoomKey> {
        let members = self
            .memberships
            .iter()
            .filter(|(_, membership)| membership.role.is_some());
        members.map(|(room, _)| room)
    }
}

/// What someone was before a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PreviousStatus {
    Member,
    NotMember,
    Unknown,
}

impl PreviousStatus {
    fn of(role: Option<Role>) -> Self {
        if role.is_some() {
            PreviousStatus::Member
        } else {
            PreviousStatus::NotMember
        }
    }
}
