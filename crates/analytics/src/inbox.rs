//! The queue between the subscriber and the counter, which works at its own pace.
//!
//! Bounded: beyond [`ENTRIES_MAX`] it keeps only the heads, and the counter reads the entries from
//! the log.

use crate::latency::Latencies;
use parking_lot::Mutex;
use rooms::api::{Change, Entry, RoomEntries, RoomId, RoomKey, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// The most entries kept.
const ENTRIES_MAX: usize = 10_000;

/// The queue; shared by the subscriber, which adds, and the counter, which takes.
#[derive(Default)]
pub(crate) struct Inbox {
    pending: Mutex<PendingWork>,
    notify: Notify,
}

/// What is to be counted.
#[derive(Default)]
pub(crate) struct PendingWork {
    pub(crate) rooms: BTreeMap<RoomId, RoomUpdate>,
    pub(crate) latencies: Latencies,
    /// Something was missed: every room must be scanned.
    pub(crate) rescan: bool,
    entries: usize,
}

/// New entries of one room.
pub(crate) struct RoomUpdate {
    pub(crate) key: RoomKey,
    /// The number of its last entry.
    pub(crate) head: Seq,
    /// The last entries up to `head`, without a gap; earlier ones must be read.
    pub(crate) entries: Vec<Arc<Entry>>,
}

impl RoomUpdate {
    /// An update without entries for a room whose log ends at `head`.
    pub(crate) fn of(key: RoomKey, head: Seq) -> Self {
        Self {
            key,
            head,
            entries: Vec::new(),
        }
    }
}

impl Inbox {
    /// Adds new entries, seen at `now`.
    pub(crate) fn add(&self, rooms: &[RoomEntries], now: i64) {
        let mut pending = self.locked();
        for room in rooms {
            pending.add(room, now);
        }
        drop(pending);
        self.notify.notify_one();
    }

    /// Requests a scan of every room, since something was missed or has become invalid.
    pub(crate) fn request_rescan(&self) {
        self.locked().rescan = true;
        self.notify.notify_one();
    }

    /// Takes back latencies that could not be counted, and requests a scan of every room.
    pub(crate) fn return_latencies(&self, latencies: Latencies) {
        let mut pending = self.locked();
        pending.latencies.merge(latencies);
        pending.rescan = true;
    }

    /// Waits until there is something to count.
    pub(crate) async fn changed(&self) {
        self.notify.notified().await;
    }

    /// Takes everything that is to be counted.
    pub(crate) fn take(&self) -> PendingWork {
        std::mem::take(&mut self.locked())
    }

    fn locked(&self) -> parking_lot::MutexGuard<'_, PendingWork> {
        self.pending.lock()
    }
}

impl PendingWork {
    fn add(&mut self, room: &RoomEntries, now: i64) {
        for entry in &room.entries {
            if matches!(entry.change, Change::Message { .. }) {
                self.latencies.record(entry.at, now);
            }
        }
        let (Some(first), Some(last)) = (room.entries.first(), room.entries.last()) else {
            return;
        };
        let update = self
            .rooms
            .entry(room.room.id)
            .or_insert_with(|| RoomUpdate::of(room.room.key.clone(), last.seq));
        let follows = update.entries.last().is_none_or(|e| e.seq + 1 == first.seq);
        if !follows || self.entries + room.entries.len() > ENTRIES_MAX {
            self.entries -= update.entries.len();
            update.entries = Vec::new();
        }
        if self.entries + room.entries.len() <= ENTRIES_MAX {
            self.entries += room.entries.len();
            update.entries.extend(room.entries.iter().cloned());
        }
        update.head = update.head.max(last.seq);
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_MAX, Inbox, PendingWork};
    use rooms::api::{Change, Entry, History, Kind, RoomEntries, RoomId, RoomInfo, RoomKey, Seq};
    use sessions::api::{User, UserId};
    use std::ops::RangeInclusive;
    use std::sync::Arc;

    fn message_entries(room: i64, seqs: RangeInclusive<Seq>) -> RoomEntries {
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

    /// Returns the head of a room, and the entries that are kept.
    fn kept(pending: &PendingWork, room: i64) -> (Seq, Vec<Seq>) {
        let update = &pending.rooms[&RoomId(room)];
        let entries = update.entries.iter().map(|entry| entry.seq);
        (update.head, entries.collect())
    }

    #[test]
    fn consecutive_entries_are_kept_and_those_before_a_gap_are_dropped() {
        let inbox = Inbox::default();
        inbox.add(&[message_entries(1, 1..=2), message_entries(2, 1..=1)], 0);
        inbox.add(&[message_entries(1, 3..=3), message_entries(2, 4..=5)], 0);
        let pending = inbox.take();
        assert_eq!(kept(&pending, 1), (3, vec![1, 2, 3]));
        assert_eq!(kept(&pending, 2), (5, vec![4, 5]));
        assert_eq!(pending.latencies.rows().next(), Some((0, 0, 6)));
        assert!(inbox.take().rooms.is_empty(), "taken once");
    }

    #[test]
    fn beyond_the_limit_only_heads_are_kept() {
        let inbox = Inbox::default();
        let many = Seq::try_from(ENTRIES_MAX).unwrap();
        inbox.add(&[message_entries(1, 1..=many)], 0);
        inbox.add(&[message_entries(2, 1..=3)], 0);
        inbox.add(&[message_entries(1, many + 1..=many + 1)], 0);
        inbox.add(&[message_entries(3, 1..=2)], 0);
        let pending = inbox.take();
        assert_eq!(kept(&pending, 2), (3, vec![]));
        assert_eq!(
            kept(&pending, 1),
            (many + 1, vec![many + 1]),
            "the log has the rest"
        );
        assert_eq!(kept(&pending, 3), (2, vec![1, 2]), "there is room again");
    }

    #[test]
    fn after_a_failure_every_room_is_scanned() {
        let inbox = Inbox::default();
        inbox.add(&[message_entries(1, 1..=2)], 0);
        let taken = inbox.take();
        assert!(!taken.rescan);
        inbox.return_latencies(taken.latencies);
        let again = inbox.take();
        assert!(again.rescan && again.rooms.is_empty());
        assert_eq!(again.latencies.rows().next(), Some((0, 0, 2)));
    }
}
