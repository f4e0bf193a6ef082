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
    pub(super) stays: HashMap<RoomKey, Stay>,
    /// Until when they are muted (ms since 1970) where they ever were, as of an entry.
    mutes: HashMap<RoomKey, (Seq, i64)>,
    /// The memberships have been copied: what is not among the stays is not.
    pub(super) known: bool,
    /// Came online before the memberships were known.
    pub(super) came: bool,
    /// Since when there has been no connection here.
    pub(super) alone: Option<Instant>,
}

/// Where someone stands in one room, as of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) seq: Seq,
    /// `None`: the stay has ended.
    pub(super) role: Option<Role>,
}

impl Person {
    pub(super) fn new(user: User) -> Self {
        Self {
            user,
            connections: SmallVec::new(),
            stays: HashMap::new(),
            mutes: HashMap::new(),
            known: false,
            came: false,
            alone: Some(Instant::now()),
        }
    }

    /// Notes a change at `seq`, unless a later one is known. Returns what stood before, if this is
    /// news.
    pub(super) fn note(&mut self, room: &RoomKey, seq: Seq, role: Option<Role>) -> Option<Before> {
        let stay = Stay { seq, role };
        match self.stays.get_mut(room) {
            Some(known) if known.seq >= seq => None,
            Some(known) => {
                let before = std::mem::replace(known, stay);
                Some(Before::of(before.role))
            }
            None => {
                self.stays.insert(room.clone(), stay);
                Some(if self.known {
                    Before::Outside
                } else {
                    Before::Unknown
                })
            }
        }
    }

    /// Notes a mute as of an entry, unless a later one is known.
    pub(super) fn note_mute(&mut self, room: &RoomKey, seq: Seq, until_ms: i64) {
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
        self.stays.get(room).and_then(|stay| stay.role)
    }

    /// The rooms they are a member of.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &RoomKey> {
        let members = self.stays.iter().filter(|(_, stay)| stay.role.is_some());
        members.map(|(room, _)| room)
    }
}

/// What someone was before a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Member,
    Outside,
    Unknown,
}

impl Before {
    fn of(role: Option<Role>) -> Self {
        if role.is_some() {
            Before::Member
        } else {
            Before::Outside
        }
    }
}
