//! From entries to counts, and how far each log has been counted with them.

use crate::latency::Latencies;
use rooms::api::{Change, Entry, RoomId, RoomKey, Seq};
use sessions::api::UserId;
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// The hour since 1970.
pub(crate) fn hour(at: i64) -> i64 {
    at.div_euclid(HOUR_MS)
}

/// The day since 1970.
pub(crate) fn day(at: i64) -> i64 {
    at.div_euclid(DAY_MS)
}

/// What is written at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) cursors: BTreeMap<RoomId, Moved>,
    /// Messages by room and hour.
    pub(crate) hours: BTreeMap<(RoomId, i64), i64>,
    /// Days, and who was active on them.
    pub(crate) active: BTreeSet<(i64, UserId)>,
    pub(crate) latencies: Latencies,
    entries: usize,
}

/// How far a log was counted before, and is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) key: RoomKey,
    pub(crate) from: Seq,
    pub(crate) to: Seq,
}

impl Counts {
    pub(crate) fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        if matches!(entry.change, Change::Message { .. }) {
            *self.hours.entry((entry.room, hour(entry.at))).or_default() += 1;
        }
        if is_activity(&entry.change) {
            self.active.insert((day(entry.at), entry.author.id));
        }
    }

    /// The log of this room has been counted from there to here.
    pub(crate) fn moved(&mut self, room: RoomId, key: &RoomKey, from: Seq, to: Seq) {
        let new = || Moved {
            key: key.clone(),
            from,
            to,
        };
        self.cursors.entry(room).or_insert_with(new).to = to;
    }

    pub(crate) fn entries(&self) -> usize {
        self.entries
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cursors.is_empty() && self.latencies.is_empty()
    }
}

/// Something that takes a person: coming and going also happens to those who are away.
fn is_activity(change: &Change) -> bool {
    matches!(
        change,
        Change::Message { .. }
            | Change::Edited { .. }
            | Change::Deleted { .. }
            | Change::Reaction { .. }
    )
}
