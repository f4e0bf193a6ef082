//! The queue between the feed, which hears of entries, and a follower, which works at its own pace.
//!
//! Bounded: beyond [`ENTRIES_MAX`] and [`BYTES_MAX`] it keeps only the heads, and the follower reads the
//! entries from the log; beyond [`ROOMS_MAX`] it keeps nothing, and the follower looks at every room.

use super::{Followed, batch};
use parking_lot::{Mutex, MutexGuard};
use rooms::api::{RoomEntries, RoomId, RoomInfo, Seq};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The most entries kept, and their approximate size.
const ENTRIES_MAX: usize = 10_000;
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most rooms kept.
const ROOMS_MAX: usize = 20_000;

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
    /// The operator wants everything that came of the logs to be made anew.
    rebuild: bool,
    entries: usize,
    bytes: usize,
    heard: HeardEntries,
    /// Until then, what is heard may come from a store that the rooms belonged to before.
    distrusted_until: Option<Instant>,
}

/// How many entries were heard of since they were last counted, and when the first was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeardEntries {
    pub(crate) number: Seq,
    pub(crate) since: Option<Instant>,
}

/// New entries of one room.
pub(crate) struct RoomUpdate {
    /// The room as it was after the last of them.
    pub(crate) room: Arc<RoomInfo>,
    /// The number of its last entry.
    pub(crate) head: Seq,
    /// The first entry that retention has left, if it moved.
    pub(crate) kept_from: Seq,
    /// The last entries up to `head`, without a gap; earlier ones must be read.
    pub(crate) entries: Vec<Followed>,
    bytes: usize,
}

impl RoomUpdate {
    fn of(room: &Arc<RoomInfo>) -> Self {
        Self {
            room: Arc::clone(room),
            head: 0,
            kept_from: 0,
            entries: Vec::new(),
            bytes: 0,
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
        pending.bound();
        drop(pending);
        self.notify.notify_one();
    }

    /// Notes that a room's entries below `kept_from` are gone.
    pub(crate) fn forget(&self, room: &Arc<RoomInfo>, kept_from: Seq) {
        let mut pending = self.locked();
        if !pending.is_distrusted() {
            let update = pending.update(room);
            update.kept_from = update.kept_from.max(kept_from);
        }
        pending.bound();
        drop(pending);
        self.notify.notify_one();
    }

    /// Requests a look at every room, since something was missed or has become invalid.
    pub(crate) fn request_rescan(&self) {
        self.locked().rescan = true;
        self.notify.notify_one();
    }

    /// Requests that everything that came of the logs is made anew.
    pub(crate) fn request_rebuild(&self) {
        self.locked().rebuild = true;
        self.request_rescan();
    }

    /// Returns whether that was requested and has not begun.
    pub(crate) fn wants_rebuild(&self) -> bool {
        self.locked().rebuild
    }

    /// Notes that it has begun.
    pub(crate) fn rebuild_begun(&self) {
        self.locked().rebuild = false;
    }

    /// Drops everything: it may come from a store that the rooms belonged to before. What is heard within
    /// this time may, too: only the heads are kept, and the entries are read.
    pub(crate) fn distrust(&self, during: Duration) {
        let mut pending = self.locked();
        pending.clear();
        pending.distrusted_until = Some(Instant::now() + during);
    }

    /// Waits until there is something to follow.
    pub(crate) async fn changed(&self) {
        self.notify.notified().await;
    }

    /// Takes the request for a look at every room, if there is one.
    pub(crate) fn take_rescan(&self) -> bool {
        std::mem::take(&mut self.locked().rescan)
    }

    /// Takes what is new of the first room after this one.
    pub(crate) fn take_after(&self, room: Option<RoomId>) -> Option<RoomUpdate> {
        let mut pending = self.locked();
        let after = room.map_or(Unbounded, Excluded);
        let (next, _) = pending.rooms.range((after, Unbounded)).next()?;
        let next = *next;
        pending.take(next)
    }

    /// Takes what is new of this room.
    pub(crate) fn take(&self, room: RoomId) -> Option<RoomUpdate> {
        self.locked().take(room)
    }

    /// Returns how many entries were heard of since they were last taken into account.
    pub(crate) fn heard(&self) -> HeardEntries {
        self.locked().heard
    }

    /// Takes the heard entries into account.
    pub(crate) fn count_heard(&self) -> HeardEntries {
        std::mem::take(&mut self.locked().heard)
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

    fn take(&mut self, room: RoomId) -> Option<RoomUpdate> {
        let update = self.rooms.remove(&room)?;
        self.entries -= update.entries.len();
        self.bytes -= update.bytes;
        Some(update)
    }

    fn add(&mut self, new: &RoomEntries, now: i64) {
        let (Some(first), Some(last)) = (new.entries.first(), new.entries.last()) else {
            return;
        };
        self.heard.number += last.seq - first.seq + 1;
        self.heard.since.get_or_insert_with(Instant::now);
        let (mut entries, mut bytes) = (self.entries, self.bytes);
        let (count, size) = (new.entries.len(), new.entries.iter());
        let size = size.map(|entry| batch::size(entry)).sum::<usize>();
        let is_trusted = !self.is_distrusted();
        let update = self.update(&new.room);
        update.room = Arc::clone(&new.room);
        let known = update.entries.last();
        let follows = known.is_none_or(|last| last.seq + 1 == first.seq);
        let fits = |entries, bytes| entries + count <= ENTRIES_MAX && bytes + size <= BYTES_MAX;
        if !follows || !fits(entries, bytes) {
            entries -= update.entries.len();
            bytes -= update.bytes;
            (update.entries, update.bytes) = (Vec::new(), 0);
        }
        if is_trusted && fits(entries, bytes) {
            entries += count;
            bytes += size;
            update.bytes += size;
            let heard = new.entries.iter().map(|entry| Followed {
                entry: Arc::clone(entry),
                heard_at: Some(now),
            });
            update.entries.extend(heard);
        }
        update.head = update.head.max(last.seq);
        (self.entries, self.bytes) = (entries, bytes);
    }

    fn bound(&mut self) {
        if self.rooms.len() > ROOMS_MAX {
            self.clear();
            self.rescan = true;
        }
    }

    fn clear(&mut self) {
        self.rooms.clear();
        (self.entries, self.bytes) = (0, 0);
    }

    fn is_distrusted(&self) -> bool {
        let until = self.distrusted_until;
        until.is_some_and(|until| Instant::now() < until)
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
    fn kept(inbox: &Inbox, room: i64) -> (Seq, Vec<Seq>) {
        let update = inbox.take(RoomId(room)).unwrap();
        let entries = update.entries.iter().map(|entry| entry.seq);
        (update.head, entries.collect())
    }

    #[test]
    fn consecutive_entries_are_kept_and_those_before_a_gap_are_dropped() {
        let inbox = Inbox::default();
        inbox.add(&[appended(1, 1..=2), appended(2, 1..=1)], 0);
        inbox.add(&[appended(1, 3..=3), appended(2, 4..=5)], 0);
        assert_eq!(kept(&inbox, 1), (3, vec![1, 2, 3]));
        assert_eq!(kept(&inbox, 2), (5, vec![4, 5]));
        assert!(inbox.take_after(None).is_none(), "taken once");
    }

    #[test]
    fn beyond_the_limit_only_heads_are_kept() {
        let inbox = Inbox::default();
        let many = Seq::try_from(ENTRIES_MAX).unwrap();
        inbox.add(&[appended(1, 1..=many)], 0);
        inbox.add(&[appended(2, 1..=3)], 0);
        inbox.add(&[appended(1, many + 1..=many + 1)], 0);
        inbox.add(&[appended(3, 1..=2)], 0);
        assert_eq!(kept(&inbox, 2), (3, vec![]));
        let read = (many + 1, vec![many + 1]);
        assert_eq!(kept(&inbox, 1), read, "the log has the rest");
        assert_eq!(kept(&inbox, 3), (2, vec![1, 2]), "there is space again");
        let pending = inbox.locked();
        assert_eq!((pending.entries, pending.bytes), (0, 0));
    }

    #[test]
    fn long_texts_are_bounded_by_their_size() {
        let inbox = Inbox::default();
        let long = "x".repeat(BYTES_MAX / 2);
        for seq in 1..=2 {
            let mut new = appended(1, seq..=seq);
            let entry = Arc::make_mut(&mut new.entries[0]);
            if let rooms::api::Change::Message { body, .. } = &mut entry.change {
                *body = Some(long.clone());
            }
            inbox.add(&[new], 0);
        }
        assert_eq!(kept(&inbox, 1), (2, vec![2]));
    }

    #[test]
    fn beyond_the_limit_of_rooms_all_are_looked_at() {
        let inbox = Inbox::default();
        for id in 0..=i64::try_from(ROOMS_MAX).unwrap() {
            assert!(!inbox.take_rescan());
            inbox.forget(&room(id, Kind::Public), 2);
        }
        assert!(inbox.take_rescan());
        assert!(inbox.take_after(None).is_none());
    }

    #[test]
    fn what_retention_deleted_is_noted_beside_new_entries() {
        let inbox = Inbox::default();
        inbox.forget(&room(1, Kind::Public), 9);
        inbox.add(&[appended(1, 20..=20)], 0);
        inbox.forget(&room(1, Kind::Public), 5);
        let update = inbox.take(RoomId(1)).unwrap();
        assert_eq!((update.head, update.entries.len()), (20, 1));
        assert_eq!(update.kept_from, 9);
    }

    #[test]
    fn rooms_are_taken_in_order_with_what_was_added_meanwhile() {
        let inbox = Inbox::default();
        inbox.add(&[appended(1, 1..=1), appended(3, 1..=1)], 0);
        let first = inbox.take_after(None).unwrap().room.id;
        inbox.add(&[appended(3, 2..=2), appended(1, 2..=2)], 0);
        let second = inbox.take_after(Some(first)).unwrap();
        assert_eq!((first, second.room.id), (RoomId(1), RoomId(3)));
        assert_eq!(second.entries.len(), 2);
        assert!(inbox.take_after(Some(second.room.id)).is_none());
        assert_eq!(kept(&inbox, 1), (2, vec![2]), "the next time");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_store_was_replaced_only_heads_are_believed_for_a_while() {
        let inbox = Inbox::default();
        inbox.add(&[appended(1, 1..=9)], 0);
        inbox.distrust(Duration::from_secs(60));
        assert!(inbox.take_after(None).is_none());
        inbox.add(&[appended(1, 10..=10)], 0);
        inbox.forget(&room(2, Kind::Public), 7);
        assert_eq!(kept(&inbox, 1), (10, vec![]));
        assert!(inbox.take(RoomId(2)).is_none());
        tokio::time::advance(Duration::from_secs(61)).await;
        inbox.add(&[appended(1, 11..=11)], 0);
        assert_eq!(kept(&inbox, 1), (11, vec![11]));
    }

    #[test]
    fn heard_entries_are_counted_once_however_few_are_kept() {
        let inbox = Inbox::default();
        assert_eq!(inbox.heard(), HeardEntries::default());
        inbox.add(&[appended(1, 1..=2), appended(2, 5..=5)], 0);
        let heard = inbox.count_heard();
        assert!(heard.number == 3 && heard.since.is_some(), "{heard:?}");
        assert_eq!(inbox.heard(), HeardEntries::default());
    }
}
