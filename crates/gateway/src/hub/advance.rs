//! Subscriptions that begin in the past: `join` and replays; and the end that `leave` makes.

use super::Hub;
use super::person::Stay;
use super::requests::{Advance, Advanced, Found, Mark, SayLeft, Unmark};
use super::room::Room;
use super::sub::{Held, Phase, Sub, Why};
use crate::connection::{Class, Frame};
use crate::wire::push;
use bus::{Answers, Context, Reply};
use rooms::api::{RoomKey, Seq};
use sessions::api::{ConnectionId, UserId};
use std::sync::Arc;

impl Answers<Mark> for Hub {
    async fn answer(
        &mut self,
        mark: Mark,
        reply: Reply<()>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        if reply.begin() {
            self.mark(mark.connection, &mark.room);
            reply.answer(());
        }
        Ok(())
    }
}

impl Answers<Unmark> for Hub {
    async fn answer(
        &mut self,
        unmark: Unmark,
        reply: Reply<()>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        self.unmark(unmark.connection, &unmark.room);
        reply.answer(());
        Ok(())
    }
}

impl Answers<Advance> for Hub {
    async fn answer(
        &mut self,
        advance: Advance,
        reply: Reply<Advanced>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        if reply.begin() {
            reply.answer(self.advance(advance));
        }
        Ok(())
    }
}

impl Answers<SayLeft> for Hub {
    async fn answer(
        &mut self,
        left: SayLeft,
        reply: Reply<()>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        if reply.begin() {
            self.say_left(left);
            reply.answer(());
        }
        Ok(())
    }
}

impl Hub {
    fn mark(&mut self, connection: ConnectionId, key: &RoomKey) {
        let Some(attached) = self.connections.get_mut(&connection) else {
            return;
        };
        let room = self.rooms.entry(key.clone()).or_default();
        let why = match room.subs.get(&connection).map(|sub| &sub.phase) {
            Some(Phase::Live(_)) => Why::JoinAgain,
            // A replay is under way: nothing live comes before its end, nor before the reply.
            Some(Phase::Replaying) => return,
            Some(Phase::Held(held)) if held.why == Why::Replay => return,
            Some(Phase::Held(_)) | None => Why::Join,
        };
        let sub = Sub {
            conn: Arc::clone(&attached.conn),
            phase: Phase::Held(Box::new(Held::new(why))),
        };
        room.subs.insert(connection, sub);
        attached.rooms.insert(key.clone());
        self.busy.insert(key.clone());
    }

    /// Undoes a mark: what was live goes on being so.
    pub(super) fn unmark(&mut self, connection: ConnectionId, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let Some(sub) = room.subs.get_mut(&connection) else {
            return;
        };
        let Some(held) = sub.join_under_way() else {
            return;
        };
        let held = std::mem::replace(held, Held::new(Why::Replay));
        let was_live = held.why == Why::JoinAgain;
        if held.over && was_live && !held.ended {
            // What was not kept is for the client to read.
            let to = room.next.unwrap_or(1) - 1;
            let gap = Frame::json(&push::gap(key, 1, to));
            self.outbox.send(&sub.conn, gap, Class::Push);
        }
        let conn = Arc::clone(&sub.conn);
        if was_live {
            let after = held.entries.back().map_or(0, |(seq, _)| *seq);
            for (_, frame) in held.entries {
                self.outbox.send(&conn, frame, Class::Push);
            }
            sub.phase = Phase::Live(after);
        }
        for frame in held.after {
            self.outbox.send(&conn, frame, Class::Push);
        }
        if held.ended || !was_live {
            self.drop_sub(connection, key);
        }
    }

    fn drop_sub(&mut self, connection: ConnectionId, key: &RoomKey) {
        if let Some(attached) = self.connections.get_mut(&connection) {
            attached.rooms.remove(key);
        }
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        room.subs.remove(&connection);
        if room.is_deserted() {
            self.rooms.remove(key);
            self.busy.remove(key);
        }
    }

    fn advance(&mut self, advance: Advance) -> Advanced {
        let Some(attached) = self.connections.get(&advance.connection) else {
            return Advanced::Gone;
        };
        let conn = Arc::clone(&attached.conn);
        let user = attached.caller.user.id;
        if let Some(found) = &advance.joined {
            self.found(user, &advance.room, advance.cursor, found);
        }
        if let Some(reply) = advance.reply {
            self.outbox.send(&conn, reply, Class::Reply);
        }
        let key = &advance.room;
        let room = self.rooms.get_mut(key);
        let Some(sub) = room.and_then(|room| room.subs.get_mut(&advance.connection)) else {
            return Advanced::Gone;
        };
        if sub.is_live() {
            // A `join` has overtaken this replay, and its reply said from where the room goes on.
            return Advanced::Live;
        }
        for frame in advance.frames {
            self.outbox.send(&sub.conn, frame, Class::Push);
        }
        if !advance.at_head {
            return Advanced::More;
        }
        self.settle(advance.connection, key, advance.cursor)
    }

    /// What a `join` found stands, unless an entry has said otherwise since.
    fn found(&mut self, user: UserId, key: &RoomKey, head: Seq, found: &Found) {
        let Some(person) = self.people.get_mut(&user) else {
            return;
        };
        let stay = person.stays.entry(key.clone()).or_insert(Stay {
            seq: head,
            role: Some(found.role),
        });
        if stay.role.is_none() {
            return;
        }
        stay.role = Some(found.role);
        if let Some(until_ms) = found.muted_until {
            person.note_mute(key, head, until_ms);
        }
        let room = self.rooms.entry(key.clone()).or_default();
        room.info.get_or_insert_with(|| Arc::clone(&found.info));
        room.members.insert(user);
        room.pulse.count_is(found.count);
    }

    /// The client knows the room's log up to `cursor`, where its head was: is that all there is?
    fn settle(&mut self, connection: ConnectionId, key: &RoomKey, cursor: Seq) -> Advanced {
        let Some(room) = self.rooms.get_mut(key) else {
            return Advanced::Gone;
        };
        let caught_up = room.is_caught_up(cursor);
        let Some(sub) = room.subs.get_mut(&connection) else {
            return Advanced::Gone;
        };
        let conn = Arc::clone(&sub.conn);
        let kept = match &mut sub.phase {
            Phase::Live(_) => return Advanced::Live,
            Phase::Replaying => Held::new(Why::Replay),
            Phase::Held(held) => std::mem::replace(&mut **held, Held::new(Why::Replay)),
        };
        let reaches = reaches(&kept, cursor, caught_up);
        let mut last = cursor;
        if reaches || kept.ended {
            for (seq, frame) in kept.entries.into_iter().filter(|(seq, _)| *seq > cursor) {
                self.outbox.send(&conn, frame, Class::Push);
                last = seq;
            }
        }
        for frame in kept.after {
            self.outbox.send(&conn, frame, Class::Push);
        }
        if kept.ended {
            self.drop_sub(connection, key);
            return Advanced::Gone;
        }
        if !reaches {
            // Kept from here on, the next page and what is kept will meet.
            sub.phase = Phase::Held(Box::new(Held::new(Why::Replay)));
            return Advanced::More;
        }
        sub.phase = Phase::Live(last);
        Room::at_least(room, cursor);
        Advanced::Live
    }

    fn say_left(&mut self, left: SayLeft) {
        let key = &left.room;
        let user = left.user.id;
        let person = self.people.get_mut(&user);
        // Usually the entry has been here; if it waits behind a hole, the end is not waited for.
        let news = person.is_some_and(|person| {
            person.role(key).is_some() && person.note(key, left.seq, None).is_some()
        });
        if news {
            let gone = push::gone(key, "left", left.seq, &left.user, None);
            self.close_room(user, key, &Frame::json(&gone), None);
        }
        if let Some(attached) = self.connections.get(&left.connection) {
            let conn = Arc::clone(&attached.conn);
            self.outbox.send(&conn, left.reply, Class::Reply);
        }
    }
}

/// Whether what was kept begins where the client's knowledge ends.
fn reaches(kept: &Held, cursor: Seq, caught_up: bool) -> bool {
    if kept.over {
        return false;
    }
    match kept.entries.front() {
        Some((first, _)) => *first <= cursor + 1,
        None => caught_up,
    }
}
