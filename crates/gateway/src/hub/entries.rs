//! Delivers entries from the bus in the order of their room.

use super::missing_range::MissingRange;
use super::{Hub, missing_range};
use crate::connection::Frame;
use crate::wire::push;
use bus::{Context, Handles};
use rooms::api::{EntriesAppended, Entry, RoomInfo};
use std::sync::Arc;

impl Handles<EntriesAppended> for Hub {
    fn handle(&mut self, appended: &Arc<EntriesAppended>, ctx: &mut Context) {
        let before = self.outbox.frames();
        for part in &appended.rooms {
            for entry in &part.entries {
                self.receive(&part.room, entry);
            }
        }
        if self.outbox.frames() > before
            && let Some(stated) = ctx.stated_at()
        {
            self.outbox.caused_by(stated);
        }
    }
}

impl Hub {
    /// Delivers an entry from the bus or the log if it is the room's next one; buffers a later one and
    /// skips an earlier one.
    pub(super) fn receive(&mut self, info: &Arc<RoomInfo>, entry: &Arc<Entry>) {
        let Some(room) = self.rooms.get_mut(&info.key) else {
            // No connected user is in this room, but the entry may bring one in.
            return self.apply_entry(info, entry);
        };
        let next = *room.next.get_or_insert(entry.seq);
        if entry.seq < next {
            return self.apply_entry(info, entry);
        }
        if entry.seq > next {
            room.missing
                .get_or_insert_with(|| Box::new(MissingRange::new()))
                .buffer(entry);
            return self.fetch_missing(&info.key);
        }
        self.deliver(info, entry);
        self.deliver_buffered(info);
    }

    /// Delivers buffered entries whose turn has come.
    pub(super) fn deliver_buffered(&mut self, info: &Arc<RoomInfo>) {
        while let Some(entry) = self
            .rooms
            .get_mut(&info.key)
            .and_then(missing_range::take_next)
        {
            self.deliver(info, &entry);
        }
    }

    /// Delivers the room's next entry to all subscribers, encoded once, then updates the memberships.
    fn deliver(&mut self, info: &Arc<RoomInfo>, entry: &Arc<Entry>) {
        let Some(room) = self.rooms.get_mut(&info.key) else {
            return;
        };
        room.next = Some(entry.seq + 1);
        room.activity.update_count(&entry.change);
        if !room
            .info
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, info))
        {
            room.info = Some(Arc::clone(info));
        }
        if !room.subs.is_empty() {
            let frame = Frame::json(&push::entry(&info.key, entry));
            for sub in room.subs.values_mut() {
                sub.deliver(entry.seq, &frame, &mut self.outbox);
            }
        }
        self.apply_entry(info, entry);
    }
}
