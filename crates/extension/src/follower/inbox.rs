//! The queue between the feed, which hears of entries, and a follower, which works at its own pace.
//!
//! Bounded: beyond [`ENTRIES_MAX`] it keeps only the heads, and the follower reads the entries from
//! the log.

use super::Followed;
use parking_lot::{Mutex, MutexGuard};
use rooms::api::{RoomEntries, RoomId, RoomInfo, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// The most entries kept.
const ENTRIES_MAX: usize = 10_000;

/// The queue; shared by the feed, which adds, and the follower, which takes.
#[derive(Default)]
pub(crate) struct Inbox {
    pending: Mutex<PendingWork>,
    notify: Notify,
}

/// What is to be followed.
#[derive(Default)]
struct PendingWork {
    rooms: BTreeMap<RoomId, RoomUpdate>,
    /// Something was missed: every room must be looked at.
    rescan: bool,
    entries: usize,
}

/// New entries of one room.
pub(crate) struct RoomUpdate {
    pub(crate) room: Arc<RoomInfo>,
    /// The number of its last entry.
    pub(crate) head: Seq,
    /// The first entry that retention has left, if it moved.
    pub(crate) kept_from: Seq,
    /// The last entries up to `head`, without a gap; earlier ones must be read.
    pub(crate) entries: Vec<Followed>,
}

impl RoomUpdate {
    fn of(room: &Arc<RoomInfo>) -> Self {
        Self {
            room: Arc::clone(room),
            head: 0,
            kept_from: 0,
            entries: Vec::new(),
        }
    }
}

impl Inbox {
    /// Adds new entries, heard of at `now`.
    pub(crate) fn add(&self, rooms: &[RoomEntries], now: i64) {
        let mut pending = self.locked();
        for room in rooms {
            pending.add(room, now);
        }
        drop(pending);
        self.notify.notify_one();
    }

    /// Notes that a room's entries below `kept_from` are gone.
    pub(crate) fn forget(&self, room: &Arc<RoomInfo>, kept_from: Seq) {
        let mut pending = self.locked();
        let update = pending.update(room);
        update.kept_from = update.kept_from.max(kept_from);
        drop(pending);
        self.notify.notify_one();
    }

    /// Requests a look at every room, since something was missed or has become invalid.
    pub(crate) fn request_rescan(&self) {
        self.locked().rescan = true;
        self.notify.notify_one();
    }

    /// Waits until there is something to follow.
    pub(crate) async fn changed(&self) {
        self.notify.notified().await;
    }

    /// Takes the request for a look at every room, if there is one.
    pub(crate) fn take_rescan(&self) -> bool {
        std::mem::take(&mut self.locked().rescan)
    }

    /// Takes everything new of the rooms.
    pub(crate) fn take(&self) -> BTreeMap<RoomId, RoomUpdate> {
        let mut pending = self.locked();
        pending.entries = 0;
        std::mem::take(&mut pending.rooms)
    }

    fn locked(&self) -> MutexGuard<'_, PendingWork> {
        self.pending.lock()
    }
}

impl PendingWork {
    fn update(&mut self, room: &Arc<RoomInfo>) -> &mut RoomUpdate {
        let update = self.rooms.entry(room.id);
        update.or_insert_with(|| RoomUpdate::of(room))
    }

    fn add(&mut self, new: &RoomEntries, now: i64) {
        let (Some(first), Some(last)) = (new.entries.first(), new.entries.last()) else {
            return;
        };
        let (mut kept, count) = (self.entries, new.entries.len());
        let update = self.update(&new.room);
        update.room = Arc::clone(&new.room);
        let known = update.entries.last();
        let follows = known.is_none_or(|last| last.seq + 1 == first.seq);
        if !follows || kept + count > ENTRIES_MAX {
            kept -= update.entries.len();
            update.entries = Vec::new();
        }
        if kept + count <= ENTRIES_MAX {
            kept += count;
            let heard = new.entries.iter().map(|entry| Followed {
                entry: Arc::clone(entry),
                heard_at: Some(now),
            });
            update.entries.extend(heard);
        }
        update.head = update.head.max(last.seq);
        self.entries = kept;
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    use rooms::api::{Change, Entry, History, Kind, RoomEntries, RoomId, RoomInfo, RoomKey, Seq};
    use sessions::api::{User, UserId};
    use std::ops::RangeInclusive;
    use std::sync::Arc;

    pub(crate) fn room(id: i64, kind: Kind) -> Arc<RoomInfo> {
        Arc::new(RoomInfo {
            id: RoomId(id),
            key: RoomKey("a".into()),
            title: "a".into(),
            topic: String::new(),
            kind,
            history: History::All,
            pair: None,
        })
    }

    pub(crate) fn said(room: i64, seq: Seq) -> Arc<Entry> {
        Arc::new(Entry {
            room: RoomId(room),
            seq,
            author: User {
                id: UserId([7; 16]),
                name: "ann".into(),
                guest: false,
            },
            at: 0,
            change: Change::Message {
                cid: seq.to_string(),
                body: Some(format!("said {seq}")),
                reply_to: None,
                mentions: Vec::new(),
            },
        })
    }

    pub(crate) fn appended(id: i64, seqs: RangeInclusive<Seq>) -> RoomEntries {
        RoomEntries {
            room: room(id, Kind::Public),
            entries: seqs.map(|seq| said(id, seq)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{appended, room};
    use super::*;
    use rooms::api::Kind;

    /// Returns the head of a room, and the entries that are kept.
    fn kept(pending: &BTreeMap<RoomId, RoomUpdate>, room: i64) -> (Seq, Vec<Seq>) {
        let update = &pending[&RoomId(room)];
        let entries = update.entries.iter().map(|entry| entry.seq);
        (update.head, entries.collect())
    }

    #[test]
    fn consecutive_entries_are_kept_and_those_before_a_gap_are_dropped() {
        let inbox = Inbox::default();
        inbox.add(&[appended(1, 1..=2), appended(2, 1..=1)], 0);
        inbox.add(&[appended(1, 3..=3), appended(2, 4..=5)], 0);
        let pending = inbox.take();
        assert_eq!(kept(&pending, 1), (3, vec![1, 2, 3]));
        assert_eq!(kept(&pending, 2), (5, vec![4, 5]));
        assert!(inbox.take().is_empty(), "taken once");
    }

    #[test]
    fn beyond_the_limit_only_heads_are_kept() {
        let inbox = Inbox::default();
        let many = Seq::try_from(ENTRIES_MAX).unwrap();
        inbox.add(&[appended(1, 1..=many)], 0);
        inbox.add(&[appended(2, 1..=3)], 0);
        inbox.add(&[appended(1, many + 1..=many + 1)], 0);
        inbox.add(&[appended(3, 1..=2)], 0);
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
    fn what_retention_deleted_is_noted_beside_new_entries() {
        let inbox = Inbox::default();
        inbox.forget(&room(1, Kind::Public), 9);
        inbox.add(&[appended(1, 20..=20)], 0);
        inbox.forget(&room(1, Kind::Public), 5);
        let pending = inbox.take();
        assert_eq!(kept(&pending, 1), (20, vec![20]));
        assert_eq!(pending[&RoomId(1)].kept_from, 9);
    }
}
