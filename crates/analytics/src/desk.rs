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
