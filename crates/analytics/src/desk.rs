//! Where the subscriber leaves what it heard for the counter, which works in its own time.
//!
//! Bounded: beyond [`ENTRIES_MAX`] only the heads are kept, and the counter reads the entries from
//! the log.

use crate::latency::Latencies;
use rooms::api::{Change, Entry, RoomEntries, RoomId, RoomKey, Seq};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Most entries that wait.
const ENTRIES_MAX: usize = 10_000;

#[derive(Default)]
pub(crate) struct Desk {
    inbox: Mutex<Inbox>,
    bell: Notify,
}

/// What there is to be counted.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) rooms: BTreeMap<RoomId, Heard>,
    pub(crate) latencies: Latencies,
    /// Something was missed: look at every room.
    pub(crate) everything: bool,
    entries: usize,
}

/// What was heard of one room.
pub(crate) struct Heard {
    pub(crate) key: RoomKey,
    /// Its last entry.
    pub(crate) head: Seq,
    /// The last ones up to `head`, without a hole; what lies before must be read.
    pub(crate) entries: Vec<Arc<Entry>>,
}

impl Heard {
    /// A room whose log goes up to here.
    pub(crate) fn of(key: RoomKey, head: Seq) -> Self {
        Self {
            key,
            head,
            entries: Vec::new(),
        }
    }
}

impl Desk {
    /// New entries, seen now.
    pub(crate) fn hear(&self, rooms: &[RoomEntries], now: i64) {
        let mut inbox = self.locked();
        for room in rooms {
            inbox.hear(room, now);
        }
        drop(inbox);
        self.bell.notify_one();
    }

    /// Something was missed, or may not be true any more.
    pub(crate) fn look_at_everything(&self) {
        self.locked().everything = true;
        self.bell.notify_one();
    }

    /// What could not be counted: the entries are read again.
    pub(crate) fn give_back(&self, latencies: Latencies) {
        let mut inbox = self.locked();
        inbox.latencies.merge(latencies);
        inbox.everything = true;
    }

    /// Waits until there is something.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    pub(crate) fn take(&self) -> Inbox {
        std::mem::take(&mut self.locked())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn hear(&mut self, room: &RoomEntries, now: i64) {
        for entry in &room.entries {
            if matches!(entry.change, Change::Message { .. }) {
                self.latencies.record(entry.at, now);
            }
        }
        let (Some(first), Some(last)) = (room.entries.first(), room.entries.last()) else {
            return;
        };
        let heard = self
            .rooms
            .entry(room.room.id)
            .or_insert_with(|| Heard::of(room.room.key.clone(), last.seq));
        let follows = heard.entries.last().is_none_or(|e| e.seq + 1 == first.seq);
        if !follows || self.entries + room.entries.len() > ENTRIES_MAX {
            self.entries -= heard.entries.len();
            heard.entries = Vec::new();
        }
        if self.entries + room.entries.len() <= ENTRIES_MAX {
            self.entries += room.entries.len();
            heard.entries.extend(room.entries.iter().cloned());
        }
        heard.head = heard.head.max(last.seq);
    }
}

#[cfg(test)]
mod tests {
    use super::{Desk, ENTRIES_MAX, Inbox};
    use rooms::api::{Change, Entry, History, Kind, RoomEntries, RoomId, RoomInfo, RoomKey, Seq};
    use sessions::api::{User, UserId};
    use std::ops::RangeInclusive;
    use std::sync::Arc;

    fn said(room: i64, seqs: RangeInclusive<Seq>) -> RoomEntries {
        let id = RoomId(room);
        let author = User {
            id: UserId([7; 16]),
            name: "ann".into(),
            guest: false,
        };
        let entry = |seq| Entry {
            room: id,
            seq,
            author: author.clone(),
            at: 0,
            change: Change::Message {
                cid: seq.to_string(),
                body: None,
                reply_to: None,
                mentions: Vec::new(),
            },
        };
        RoomEntries {
            room: Arc::new(RoomInfo {
                id,
                key: RoomKey("a".into()),
                title: "a".into(),
                topic: String::new(),
                kind: Kind::Public,
                history: History::All,
                pair: None,
            }),
            entries: seqs.map(|seq| Arc::new(entry(seq))).collect(),
        }
    }

    /// The head of a room, and the entries that need not be read.
    fn heard(inbox: &Inbox, room: i64) -> (Seq, Vec<Seq>) {
        let heard = &inbox.rooms[&RoomId(room)];
        let entries = heard.entries.iter().map(|entry| entry.seq);
        (heard.head, entries.collect())
    }

    #[test]
    fn what_was_heard_in_a_row_is_kept_and_what_lies_before_a_hole_is_read() {
        let desk = Desk::default();
        desk.hear(&[said(1, 1..=2), said(2, 1..=1)], 0);
        desk.hear(&[said(1, 3..=3), said(2, 4..=5)], 0);
        let inbox = desk.take();
        assert_eq!(heard(&inbox, 1), (3, vec![1, 2, 3]));
        assert_eq!(heard(&inbox, 2), (5, vec![4, 5]));
        assert_eq!(inbox.latencies.rows().next(), Some((0, 0, 6)));
        assert!(desk.take().rooms.is_empty(), "taken once");
    }

    #[test]
    fn beyond_its_room_only_heads_are_kept() {
        let desk = Desk::default();
        let many = Seq::try_from(ENTRIES_MAX).unwrap();
        desk.hear(&[said(1, 1..=many)], 0);
        desk.hear(&[said(2, 1..=3)], 0);
        desk.hear(&[said(1, many + 1..=many + 1)], 0);
        desk.hear(&[said(3, 1..=2)], 0);
        let inbox = desk.take();
        assert_eq!(heard(&inbox, 2), (3, vec![]));
        assert_eq!(
            heard(&inbox, 1),
            (many + 1, vec![many + 1]),
            "the log has the rest"
        );
        assert_eq!(heard(&inbox, 3), (2, vec![1, 2]), "there is room again");
    }

    #[test]
    fn what_could_not_be_counted_is_looked_for_in_every_room() {
        let desk = Desk::default();
        desk.hear(&[said(1, 1..=2)], 0);
        let taken = desk.take();
        assert!(!taken.everything);
        desk.give_back(taken.latencies);
        let again = desk.take();
        assert!(again.everything && again.rooms.is_empty());
        assert_eq!(again.latencies.rows().next(), Some((0, 0, 2)));
    }
}
