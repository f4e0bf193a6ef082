//! What the reply to `hello` says of each room: from where its entries follow.

use super::Hello;
use crate::hub::RoomCursor;
use crate::metrics::ResumeOutcome;
use rooms::api::{Membership, RoomKey, Seq};
use serde::Serialize;
use std::collections::BTreeMap;

/// How one room is resumed.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum RoomState {
    /// The entries from `from` to `head` follow as pushes.
    Complete {
        head: Seq,
        from: Seq,
        complete: bool,
    },
    /// More entries are missing than are pushed: the client pages them.
    TooMany {
        head: Seq,
        complete: bool,
        gap: (Seq, Seq),
    },
    /// The cursor is of another epoch, or beyond the head.
    Reset { reset: bool, head: Seq },
    /// The user is no member any more.
    Gone { gone: bool },
}

impl RoomState {
    fn of(membership: &Membership, cursor: Option<Seq>, is_same_epoch: bool, max: i64) -> Self {
        let head = membership.head;
        let Some(cursor) = cursor else {
            let from = head + 1;
            return Self::Complete {
                head,
                from,
                complete: true,
            };
        };
        if !is_same_epoch || cursor > head {
            return Self::Reset { reset: true, head };
        }
        let from = (cursor + 1).max(membership.visible_from);
        if head - from >= max {
            return Self::TooMany {
                head,
                complete: false,
                gap: (from, head),
            };
        }
        Self::Complete {
            head,
            from,
            complete: true,
        }
    }

    /// Returns what the client has of the room: the pushes begin after it.
    fn known(&self) -> Option<RoomCursor> {
        match *self {
            Self::Complete { from, head, .. } => Some(RoomCursor {
                cursor: from - 1,
                head,
            }),
            Self::TooMany { head, .. } | Self::Reset { head, .. } => {
                Some(RoomCursor::all_up_to(head))
            }
            Self::Gone { .. } => None,
        }
    }

    fn outcome(&self) -> ResumeOutcome {
        match self {
            Self::Complete { .. } | Self::Gone { .. } => ResumeOutcome::Complete,
            Self::TooMany { .. } => ResumeOutcome::Gap,
            Self::Reset { .. } => ResumeOutcome::Reset,
        }
    }
}

/// All rooms of one `hello`.
pub(super) struct ResumedRooms(Vec<(RoomKey, RoomState)>);

impl ResumedRooms {
    /// One room per cursor, and with `subscribe:"all"` per membership. At most `max` entries of a room
    /// are pushed.
    pub(super) fn of(hello: &Hello, epoch: &str, memberships: &[Membership], max: i64) -> Self {
        let is_same_epoch = hello.is_of(epoch);
        let resume =
            |membership: &Membership, cursor| RoomState::of(membership, cursor, is_same_epoch, max);
        let named = hello.cursors.iter().map(|(room, cursor)| {
            let membership = memberships.iter().find(|m| m.room.key == *room);
            let gone = RoomState::Gone { gone: true };
            (
                room.clone(),
                membership.map_or(gone, |m| resume(m, Some(*cursor))),
            )
        });
        let mut rooms: Vec<_> = named.collect();
        if hello.all {
            let is_named =
                |m: &&Membership| hello.cursors.iter().any(|(room, _)| *room == m.room.key);
            let others = memberships.iter().filter(|m| !is_named(m));
            rooms.extend(others.map(|m| (m.room.key.clone(), resume(m, None))));
        }
        Self(rooms)
    }

    pub(super) fn by_key(&self) -> BTreeMap<&str, &RoomState> {
        let rooms = self.0.iter();
        rooms.map(|(room, resume)| (&*room.0, resume)).collect()
    }

    pub(super) fn known(&self) -> Vec<(RoomKey, RoomCursor)> {
        let rooms = self.0.iter();
        rooms
            .filter_map(|(room, resume)| Some((room.clone(), resume.known()?)))
            .collect()
    }

    /// Returns the worst outcome of any room.
    pub(super) fn outcome(&self, has_cursors: bool) -> ResumeOutcome {
        if !has_cursors {
            return ResumeOutcome::Fresh;
        }
        let outcomes = self.0.iter().map(|(_, resume)| resume.outcome());
        outcomes.max().unwrap_or(ResumeOutcome::Complete)
    }
}
