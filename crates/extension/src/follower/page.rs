//! Pages of a room's log.

use super::Sees;
use rooms::api::{Change, Entry, Kind, RoomInfo, Seq};
use std::ops::Deref;
use std::sync::Arc;

/// Consecutive entries of one room.
#[derive(Debug, Clone)]
pub struct Page {
    /// The room as it was when the page was read.
    pub room: Arc<RoomInfo>,
    /// The entries, ascending; none if all of them are gone.
    pub entries: Vec<Followed>,
    /// The cursor before the page.
    pub(crate) from: Seq,
    /// The cursor after it.
    pub(crate) to: Seq,
}

/// One entry of a page.
#[derive(Debug, Clone)]
pub struct Followed {
    pub(crate) entry: Arc<Entry>,
    /// When the extension heard of it, ms since 1970; `None` if it was read from the log.
    pub heard_at: Option<i64>,
}

impl Deref for Followed {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}

impl Page {
    /// Leaves out what this follower must not see.
    pub(crate) fn shown_to(mut self, sees: Sees) -> Self {
        if sees == Sees::All || self.room.kind == Kind::Public {
            return self;
        }
        self.room = room_shown_to(&self.room, sees);
        for followed in &mut self.entries {
            withhold(Arc::make_mut(&mut followed.entry));
        }
        self
    }

    /// Returns which entries these are, for errors.
    pub(crate) fn place(&self) -> String {
        let (first, last) = (self.from + 1, self.to);
        format!("in room {}, entries {first} to {last}", self.room.key.0)
    }
}

/// Leaves out what a follower must not see of a room.
pub(crate) fn room_shown_to(room: &Arc<RoomInfo>, sees: Sees) -> Arc<RoomInfo> {
    let mut room = Arc::clone(room);
    if sees == Sees::Public && room.kind != Kind::Public {
        let shown = Arc::make_mut(&mut room);
        shown.title.clear();
        shown.topic.clear();
    }
    room
}

/// Takes everything out of an entry that someone wrote.
fn withhold(entry: &mut Entry) {
    match &mut entry.change {
        Change::Message { body, mentions, .. } => {
            *body = None;
            mentions.clear();
        }
        Change::Edited { body, .. } => *body = None,
        Change::Reaction { emoji, .. } => emoji.clear(),
        Change::Room { title, topic, .. } => {
            title.clear();
            topic.clear();
        }
        Change::Invited { reason, .. }
        | Change::Kicked { reason, .. }
        | Change::Banned { reason, .. }
        | Change::Unbanned { reason, .. }
        | Change::Muted { reason, .. }
        | Change::Unmuted { reason, .. }
        | Change::Role { reason, .. } => *reason = None,
        Change::Deleted { .. } | Change::Joined | Change::Left => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follower::inbox::fixture::{room, said};

    fn page(kind: Kind) -> Page {
        Page {
            room: room(1, kind),
            entries: vec![Followed {
                entry: said(1, 1),
                heard_at: None,
            }],
            from: 0,
            to: 1,
        }
    }

    fn body(page: &Page) -> Option<&str> {
        match &page.entries[0].change {
            Change::Message { body, .. } => body.as_deref(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn texts_of_private_and_direct_rooms_need_a_declaration() {
        let shown = page(Kind::Public).shown_to(Sees::Public);
        assert_eq!(body(&shown), Some("said 1"));
        for kind in [Kind::Private, Kind::Direct] {
            let shown = page(kind).shown_to(Sees::Public);
            assert_eq!(body(&shown), None);
            assert_eq!((&*shown.room.title, shown.entries[0].seq), ("", 1));
            let shown = page(kind).shown_to(Sees::All);
            assert_eq!(body(&shown), Some("said 1"));
        }
    }
}
