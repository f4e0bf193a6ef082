//! A user as the hub knows them: their connections and their memberships, read once and then updated
//! from the entries.

use rooms::api::{Role, RoomKey, Seq};
use sessions::api::{ConnectionId, User};
use smallvec::SmallVec;
use std::collections::HashMap;
use tokio::time::Instant;

pub(super) struct Person {
    /// Name and id as last seen.
    pub(super) user: User,
    pub(super) connections: SmallVec<[ConnectionId; 2]>,
    pub(super) memberships: HashMap<RoomKey, KnownMembership>,
    /// Mutes by room: end (ms since 1970) and the entry that set it.
    mutes: HashMap<RoomKey, (Seq, i64)>,
    /// All memberships are known: the user is not a member of any other room.
    pub(super) known: bool,
    /// The user came online before their memberships were known.
    pub(super) came_online: bool,
    /// When the last connection detached; `None` while there is one.
    pub(super) disconnected_since: Option<Instant>,
}

/// A user's role in one room, as of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownMembership {
    pub(super) seq: Seq,
    /// `None` after the membership has ended.
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

    /// Records a role as of `seq`, unless a later one is known. Returns the status before if this one is
    /// new.
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

    /// Records a mute as of `seq`, unless a later one is known.
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

    /// Returns the rooms that the user is a member of.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &RoomKey> {
        let members = self
            .memberships
            .iter()
            .filter(|(_, membership)| membership.role.is_some());
        members.map(|(room, _)| room)
    }
}

/// A user's status in a room before a change.
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
