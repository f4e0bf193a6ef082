//! How far the client has heard each room, by the rule of docs/protocol.md: the next entry is heard, an earlier
//! one is dropped, and for a later one the log is asked.

use std::collections::BTreeMap;

/// The rooms that the client is subscribed to.
#[derive(Debug, Default)]
pub(super) struct FollowedRooms(BTreeMap<String, FollowedRoom>);

/// How far the client has heard one room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct FollowedRoom {
    cursor: u64,
    /// The highest seq known of.
    seen: u64,
    /// Its log or history has been asked for, so that what comes live is in the answer.
    is_catching_up: bool,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextEntry {
    /// It is the next one.
    Hear,
    /// The client has heard it, or the answer to come has it.
    Drop,
    /// Something is missing before it: the log has to be asked.
    Ask,
}

impl FollowedRooms {
    /// Follows a room from here on, unless it is followed already.
    pub(super) fn follow(&mut self, room: &str, cursor: u64) {
        if !self.0.contains_key(room) {
            let followed = FollowedRoom {
                cursor,
                seen: cursor,
                is_catching_up: false,
            };
            self.0.insert(room.to_owned(), followed);
        }
    }

    pub(super) fn forget(&mut self, room: &str) {
        self.0.remove(room);
    }

    /// Returns what becomes of an entry that came live.
    pub(super) fn came(&mut self, room: &str, seq: u64) -> NextEntry {
        let unknown = FollowedRoom {
            cursor: seq.saturating_sub(1),
            ..FollowedRoom::default()
        };
        let followed = self.0.entry(room.to_owned()).or_insert(unknown);
        followed.seen = followed.seen.max(seq);
        if followed.is_catching_up || seq <= followed.cursor {
            NextEntry::Drop
        } else if seq == followed.cursor + 1 {
            NextEntry::Hear
        } else {
            NextEntry::Ask
        }
    }

    /// Notes that an entry, and all before it, has been heard.
    pub(super) fn heard(&mut self, room: &str, seq: u64) {
        if let Some(followed) = self.0.get_mut(room) {
            followed.cursor = followed.cursor.max(seq);
            followed.seen = followed.seen.max(seq);
        }
    }

    /// Notes how far a room is; returns whether its log has to be asked.
    pub(super) fn is_at(&mut self, room: &str, head: u64) -> bool {
        let Some(followed) = self.0.get_mut(room) else {
            return false;
        };
        followed.seen = followed.seen.max(head);
        followed.cursor < head && !followed.is_catching_up
    }

    /// Notes that the room's log is asked; returns from where.
    pub(super) fn catch_up(&mut self, room: &str) -> Option<u64> {
        let followed = self.0.get_mut(room)?;
        followed.is_catching_up = true;
        Some(followed.cursor)
    }

    /// Notes the end of an answer that began at the cursor; returns whether there is more to ask for.
    pub(super) fn caught_up(&mut self, room: &str, moved: bool) -> bool {
        let Some(followed) = self.0.get_mut(room) else {
            return false;
        };
        followed.is_catching_up = false;
        // An answer without progress is not repeated: the next entry or `heads` asks again.
        moved && followed.cursor < followed.seen
    }

    pub(super) fn cursor(&self, room: &str) -> Option<u64> {
        Some(self.0.get(room)?.cursor)
    }

    pub(super) fn cursors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0
            .iter()
            .map(|(room, followed)| (&**room, followed.cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_heard_in_order_and_once() {
        let mut rooms = FollowedRooms::default();
        rooms.follow("a", 5);
        rooms.follow("a", 1);
        assert_eq!(rooms.cursor("a"), Some(5));
        assert_eq!(rooms.came("a", 5), NextEntry::Drop);
        assert_eq!(rooms.came("a", 6), NextEntry::Hear);
        rooms.heard("a", 6);
        assert_eq!(rooms.came("a", 6), NextEntry::Drop);
        assert_eq!(rooms.came("a", 8), NextEntry::Ask);
        assert_eq!(rooms.catch_up("a"), Some(6));
        assert_eq!(rooms.came("a", 9), NextEntry::Drop, "the answer has it");
        assert!(!rooms.is_at("a", 9), "it is asked already");
        rooms.heard("a", 8);
        assert!(rooms.caught_up("a", true), "9 came meanwhile");
        rooms.catch_up("a");
        assert!(!rooms.caught_up("a", false), "no progress, no repetition");
        assert!(rooms.is_at("a", 9), "but heads ask again");
        assert_eq!(rooms.came("new", 3), NextEntry::Hear);
        rooms.forget("a");
        assert_eq!(rooms.cursors().collect::<Vec<_>>(), [("new", 2)]);
        assert!(!rooms.is_at("a", 20) && rooms.catch_up("a").is_none());
    }
}
