//! Subscriptions that begin in the past (`join` and replays), and their end by `leave`.

use super::Hub;
use super::person::KnownMembership;
use super::requests::{
    AbortJoin, BeginJoin, DeliverPage, JoinedInfo, PageDelivered, SendLeaveReply,
};
use super::room::Room;
use super::subscription::{BufferReason, EntryBuffer, Phase, Subscription};
use crate::connection::{Frame, FrameClass};
use crate::wire::push;
use bus::{Answers, Context, Reply};
use rooms::api::{RoomKey, Seq};
use sessions::api::{ConnectionId, UserId};
use std::sync::Arc;

impl Answers<BeginJoin> for Hub {
    fn answer(&mut self, request: BeginJoin, reply: Reply<()>, _: &mut Context) {
        if reply.begin() {
            self.begin_join(request.connection, &request.room);
            reply.answer(());
        }
    }
}

impl Answers<AbortJoin> for Hub {
    fn answer(&mut self, request: AbortJoin, reply: Reply<()>, _: &mut Context) {
        self.abort_join(request.connection, &request.room);
        reply.answer(());
    }
}

impl Answers<DeliverPage> for Hub {
    fn answer(&mut self, page: DeliverPage, reply: Reply<PageDelivered>, _: &mut Context) {
        if reply.begin() {
            reply.answer(self.deliver_page(page));
        }
    }
}

impl Answers<SendLeaveReply> for Hub {
    fn answer(&mut self, left: SendLeaveReply, reply: Reply<()>, _: &mut Context) {
        if reply.begin() {
            self.send_leave_reply(left);
            reply.answer(());
        }
    }
}

impl Hub {
    fn begin_join(&mut self, connection: ConnectionId, key: &RoomKey) {
        let Some(attached) = self.connections.get_mut(&connection) else {
            return;
        };
        let room = self.rooms.entry(key.clone()).or_default();
        let why = match room.subs.get(&connection).map(|sub| &sub.phase) {
            Some(Phase::Live(_)) => BufferReason::Rejoin,
            // A replay is under way, which already holds back live entries.
            Some(Phase::Replaying) => return,
            Some(Phase::Buffering(buffer)) if buffer.why == BufferReason::Replay => return,
            Some(Phase::Buffering(_)) | None => BufferReason::Join,
        };
        let sub = Subscription {
            conn: Arc::clone(&attached.conn),
            phase: Phase::Buffering(Box::new(EntryBuffer::new(why))),
        };
        room.subs.insert(connection, sub);
        attached.rooms.insert(key.clone());
        self.timed_rooms.insert(key.clone());
    }

    /// Undoes [`Hub::begin_join`]: a live subscription goes on.
    pub(super) fn abort_join(&mut self, connection: ConnectionId, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let Some(sub) = room.subs.get_mut(&connection) else {
            return;
        };
        let Some(buffer) = sub.pending_join() else {
            return;
        };
        let buffer = std::mem::replace(buffer, EntryBuffer::new(BufferReason::Replay));
        let was_live = buffer.why == BufferReason::Rejoin;
        if buffer.overflowed && was_live && !buffer.membership_ended {
            // The client has to read what was not buffered.
            let to = room.next.unwrap_or(1) - 1;
            let gap = Frame::json(&push::gap(key, 1, to));
            self.outbox.send(&sub.conn, gap, FrameClass::Push);
        }
        let conn = Arc::clone(&sub.conn);
        if was_live {
            let after = buffer.entries.back().map_or(0, |(seq, _)| *seq);
            for (_, frame) in buffer.entries {
                self.outbox.send(&conn, frame, FrameClass::Push);
            }
            sub.phase = Phase::Live(after);
        }
        for frame in buffer.trailing {
            self.outbox.send(&conn, frame, FrameClass::Push);
        }
        if buffer.membership_ended || !was_live {
            self.remove_subscription(connection, key);
        }
    }

    fn remove_subscription(&mut self, connection: ConnectionId, key: &RoomKey) {
        if let Some(attached) = self.connections.get_mut(&connection) {
            attached.rooms.remove(key);
        }
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        room.subs.remove(&connection);
        if room.is_unused() {
            self.rooms.remove(key);
            self.timed_rooms.remove(key);
        }
    }

    fn deliver_page(&mut self, page: DeliverPage) -> PageDelivered {
        let Some(attached) = self.connections.get(&page.connection) else {
            return PageDelivered::Gone;
        };
        let conn = Arc::clone(&attached.conn);
        let user = attached.caller.user.id;
        if let Some(found) = &page.joined {
            self.note_joined(user, &page.room, page.cursor, found);
        }
        if let Some(reply) = page.reply {
            self.outbox.send(&conn, reply, FrameClass::Reply);
        }
        let key = &page.room;
        let room = self.rooms.get_mut(key);
        let Some(sub) = room.and_then(|room| room.subs.get_mut(&page.connection)) else {
            return PageDelivered::Gone;
        };
        if sub.is_live() {
            // A `join` has overtaken this replay, and its reply said where the room continues.
            return PageDelivered::Live;
        }
        for frame in page.frames {
            self.outbox.send(&sub.conn, frame, FrameClass::Push);
        }
        if !page.at_head {
            return PageDelivered::More;
        }
        self.finish_page(page.connection, key, page.cursor)
    }

    /// Notes what a `join` found, unless a later entry contradicts it.
    fn note_joined(&mut self, user: UserId, key: &RoomKey, head: Seq, found: &JoinedInfo) {
        let Some(person) = self.people.get_mut(&user) else {
            return;
        };
        let membership = person
            .memberships
            .entry(key.clone())
            .or_insert(KnownMembership {
                seq: head,
                role: Some(found.role),
            });
        if membership.role.is_none() {
            return;
        }
        membership.role = Some(found.role);
        if let Some(until_ms) = found.muted_until {
            person.record_mute(key, head, until_ms);
        }
        let room = self.rooms.entry(key.clone()).or_default();
        room.info.get_or_insert_with(|| Arc::clone(&found.info));
        room.members.insert(user);
        room.activity.set_count(found.count);
    }

    /// Makes the subscription live if nothing lies between `cursor`, which was the head when it was
    /// read, and the buffered entries; otherwise the connection reads on.
    fn finish_page(
        &mut self,
        connection: ConnectionId,
        key: &RoomKey,
        cursor: Seq,
    ) -> PageDelivered {
        let Some(room) = self.rooms.get_mut(key) else {
            return PageDelivered::Gone;
        };
        let caught_up = room.is_caught_up(cursor);
        let Some(sub) = room.subs.get_mut(&connection) else {
            return PageDelivered::Gone;
        };
        let conn = Arc::clone(&sub.conn);
        let buffer = match &mut sub.phase {
            Phase::Live(_) => return PageDelivered::Live,
            Phase::Replaying => EntryBuffer::new(BufferReason::Replay),
            Phase::Buffering(buffer) => {
                std::mem::replace(&mut **buffer, EntryBuffer::new(BufferReason::Replay))
            }
        };
        let gapless = is_gapless(&buffer, cursor, caught_up);
        let mut last = cursor;
        if gapless || buffer.membership_ended {
            for (seq, frame) in buffer.entries.into_iter().filter(|(seq, _)| *seq > cursor) {
                self.outbox.send(&conn, frame, FrameClass::Push);
                last = seq;
            }
        }
        for frame in buffer.trailing {
            self.outbox.send(&conn, frame, FrameClass::Push);
        }
        if buffer.membership_ended {
            self.remove_subscription(connection, key);
            return PageDelivered::Gone;
        }
        if !gapless {
            // Entries are buffered from here on, so the next page will meet them.
            sub.phase = Phase::Buffering(Box::new(EntryBuffer::new(BufferReason::Replay)));
            return PageDelivered::More;
        }
        sub.phase = Phase::Live(last);
        Room::learn_head(room, cursor);
        PageDelivered::Live
    }

    fn send_leave_reply(&mut self, left: SendLeaveReply) {
        let key = &left.room;
        let user = left.user.id;
        let person = self.people.get_mut(&user);
        // Usually the entry was delivered already. If it waits behind missing ones, `gone` does not.
        let heads_due = person.is_some_and(|person| {
            person.role(key).is_some() && person.record_role(key, left.seq, None).is_some()
        });
        if heads_due {
            let gone = push::gone(key, "left", left.seq, &left.user, None);
            self.close_room(user, key, &Frame::json(&gone), None);
        }
        if let Some(attached) = self.connections.get(&left.connection) {
            let conn = Arc::clone(&attached.conn);
            self.outbox.send(&conn, left.reply, FrameClass::Reply);
        }
    }
}

/// Returns whether the buffered entries follow `cursor` without a gap.
fn is_gapless(buffer: &EntryBuffer, cursor: Seq, caught_up: bool) -> bool {
    if buffer.overflowed {
        return false;
    }
    match buffer.entries.front() {
        Some((first, _)) => *first <= cursor + 1,
        None => caught_up,
    }
}
