//! Missing entries of a room: later ones are buffered while the missing ones are read from the log.
//!
//! Only this room waits. After two seconds or three failed attempts the hub gives up: every subscriber
//! gets a `gap`, and delivery continues behind it.

use super::requests::MissingRangeRead;
use super::room::Room;
use super::subscription::Phase;
use super::{Hub, OWNER};
use crate::connection::{Frame, FrameClass};
use crate::shared::Shared;
use crate::wire::push;
use bus::{Context, Handles};
use rooms::api::{Entry, ReadLog, RoomKey, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Most entries buffered behind missing ones; later ones are read from the log, too.
const BUFFERED_MAX: usize = 64;
const GIVE_UP_AFTER: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;
/// Most entries and bytes per read.
const PAGE: usize = 200;
const PAGE_BYTES: usize = 256 << 10;

pub(super) struct MissingRange {
    buffered: BTreeMap<Seq, Arc<Entry>>,
    /// The last entry known to be in the log.
    target: Seq,
    since: Instant,
    failures: u32,
    fetching: bool,
}

impl MissingRange {
    pub(super) fn new() -> Self {
        Self {
            buffered: BTreeMap::new(),
            target: 0,
            since: Instant::now(),
            failures: 0,
            fetching: false,
        }
    }

    pub(super) fn buffer(&mut self, entry: &Arc<Entry>) {
        self.extend_to(entry.seq);
        if self.buffered.len() < BUFFERED_MAX {
            self.buffered.insert(entry.seq, Arc::clone(entry));
        }
    }

    pub(super) fn extend_to(&mut self, seq: Seq) {
        self.target = self.target.max(seq);
    }

    fn has_failed(&self, now: Instant) -> bool {
        self.failures >= ATTEMPTS || now.duration_since(self.since) > GIVE_UP_AFTER
    }
}

/// Takes the room's next entry if it is buffered. Ends the missing range when nothing is missing.
pub(super) fn take_next(room: &mut Room) -> Option<Arc<Entry>> {
    let next = room.next?;
    let missing = room.missing.as_mut()?;
    missing.buffered.retain(|seq, _| *seq >= next);
    let entry = missing.buffered.remove(&next);
    if entry.is_none() && next > missing.target {
        room.missing = None;
    }
    entry
}

impl Handles<MissingRangeRead> for Hub {
    fn handle(&mut self, read: &Arc<MissingRangeRead>, _: &mut Context) {
        let Some(room) = self.rooms.get_mut(&read.room) else {
            return;
        };
        let before = room.next;
        if let Some(page) = &read.page {
            for entry in &page.entries {
                self.receive(&page.room, entry);
            }
        }
        let Some(room) = self.rooms.get_mut(&read.room) else {
            return;
        };
        let progressed = room.next > before;
        if let Some(missing) = &mut room.missing {
            missing.fetching = false;
            if progressed {
                (missing.failures, missing.since) = (0, Instant::now());
            } else {
                missing.failures += 1;
            }
            self.timed_rooms.insert(read.room.clone());
        }
        if progressed {
            self.fetch_missing(&read.room);
        }
    }
}

impl Hub {
    /// Starts to read the missing entries, unless a read is under way.
    pub(super) fn fetch_missing(&mut self, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let (Some(next), Some(missing)) = (room.next, &mut room.missing) else {
            return;
        };
        if std::mem::replace(&mut missing.fetching, true) {
            return;
        }
        self.timed_rooms.insert(key.clone());
        let read = ReadLog {
            reader: None,
            room: key.clone(),
            after: Some(next - 1),
            upto: Some(missing.target),
            limit: PAGE,
            bytes: PAGE_BYTES,
        };
        let shared = Arc::clone(&self.shared);
        let reading = async move { read_missing(&shared, read).await };
        self.shared.tasks.once(OWNER, "gateway.read_hole", reading);
    }

    /// Reads missing entries again, or gives up.
    pub(super) fn tick_missing_range(&mut self, key: &RoomKey, now: Instant) {
        let missing = self.rooms.get(key).and_then(|room| room.missing.as_ref());
        match missing {
            Some(missing) if missing.has_failed(now) => self.skip_missing(key),
            Some(_) => self.fetch_missing(key),
            None => {}
        }
    }

    fn skip_missing(&mut self, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let (Some(next), Some(missing)) = (room.next, &mut room.missing) else {
            return;
        };
        let first = missing.buffered.keys().next().copied();
        let to = first.map_or(missing.target, |first| first - 1);
        let id = room.info.as_ref().map_or(0, |info| info.id.0);
        tracing::warn!(
            room = id,
            from = next,
            to,
            "could not read missing entries; sent a gap"
        );
        room.next = Some(to + 1);
        (missing.failures, missing.since) = (0, Instant::now());
        let gap = Frame::json(&push::gap(key, next, to));
        for sub in room.subs.values_mut() {
            match &mut sub.phase {
                Phase::Live(_) => self.outbox.send(&sub.conn, gap.clone(), FrameClass::Push),
                // The connection's own reads will find the gap.
                Phase::Buffering(buffer) => buffer.overflowed = true,
                Phase::Replaying => {}
            }
        }
        if first.is_none() {
            room.missing = None;
        }
        if let Some(info) = room.info.clone() {
            self.deliver_buffered(&info);
        }
    }
}

async fn read_missing(shared: &Shared, read: ReadLog) {
    let room = read.room.clone();
    let asked = shared.bus.ask(read, shared.limits.ask_within).await;
    let page = match asked {
        Ok(Ok(page)) => Some(page),
        Ok(Err(refusal)) => {
            tracing::warn!(?refusal, "could not read missing entries");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "could not read missing entries");
            None
        }
    };
    shared.bus.publish(MissingRangeRead { room, page }).await;
}
