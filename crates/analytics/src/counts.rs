//! Counts of entries, and the cursors they belong to.

use crate::latency::Latencies;
use rooms::api::{Change, Entry, RoomId, RoomKey, Seq};
use sessions::api::UserId;
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Returns the hour since 1970.
pub(crate) fn hour(at: i64) -> i64 {
    at.div_euclid(HOUR_MS)
}

/// Returns the day since 1970.
pub(crate) fn day(at: i64) -> i64 {
    at.div_euclid(DAY_MS)
}

/// The counts and cursors of one write.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) cursors: BTreeMap<RoomId, CursorMove>,
    /// Messages by room and hour.
    pub(crate) hours: BTreeMap<(RoomId, i64), i64>,
    /// Active users by day.
    pub(crate) active: BTreeSet<(i64, UserId)>,
    pub(crate) latencies: Latencies,
    entries: usize,
}

/// How far a log was counted before and is counted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CursorMove {
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

    /// Notes that a room's log has been counted from `from` to `to`.
    pub(crate) fn move_cursor(&mut self, room: RoomId, key: &RoomKey, from: Seq, to: Seq) {
        let new = || CursorMove {
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

/// Whether a change is a user's own activity. Joining and leaving can also happen to absent users.
fn is_activity(change: &Change) -> bool {
    matches!(
        change,
        Change::Message { .. }
            | Change::Edited { .. }
            | Change::Deleted { .. }
            | Change::Reaction { .. }
    )
}
