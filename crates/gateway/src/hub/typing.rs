//! Typing, in small rooms only: pushed at most once per three seconds, ended after eight.

use super::Hub;
use super::outbox::Outbox;
use super::requests::{SetTyping, TypingResult};
use super::room::Room;
use super::room_activity::Typist;
use crate::connection::{Frame, FrameClass};
use crate::wire::{Time, push};
use bus::{Answers, Context, Reply};
use rooms::api::RoomKey;
use sessions::api::{ConnectionId, User, UserId};
use std::time::Duration;
use tokio::time::Instant;

const COUNTED_ONCE_PER: Duration = Duration::from_secs(3);
const ENDS_AFTER: Duration = Duration::from_secs(8);

impl Answers<SetTyping> for Hub {
    fn answer(&mut self, request: SetTyping, reply: Reply<TypingResult>, _: &mut Context) {
        let typing = self.set_typing(request, Instant::now());
        reply.answer(typing);
    }
}

impl Hub {
    fn set_typing(&mut self, request: SetTyping, now: Instant) -> TypingResult {
        let person = self.people.get(&request.user.id);
        let Some(person) = person.filter(|person| person.role(&request.room).is_some()) else {
            return TypingResult::NotMember;
        };
        if request.on && person.is_muted(&request.room, Time::now().0) {
            return TypingResult::Muted;
        }
        if self.is_small(&request.room) {
            self.show_typing(request, now);
        }
        TypingResult::Accepted
    }

    fn show_typing(&mut self, request: SetTyping, now: Instant) {
        let room = self.rooms.get_mut(&request.room);
        let Some(room) = room.filter(|room| !room.hides_presence_of(request.user.id)) else {
            return;
        };
        if request.on {
            begin_typing(room, &request, now, &mut self.outbox);
            self.timed_rooms.insert(request.room);
        } else if let Some(typist) = room.activity.typists.get_mut(&request.user.id)
            && std::mem::take(&mut typist.on)
        {
            push_typing(
                room,
                &request.room,
                &request.user,
                false,
                request.connection,
                &mut self.outbox,
            );
        }
    }

    /// Ends the typing that came through a connection.
    pub(super) fn stop_typing(&mut self, connection: ConnectionId, user: UserId) {
        let Some(person) = self.people.get(&user) else {
            return;
        };
        for key in person.rooms() {
            let Some(room) = self.rooms.get_mut(key) else {
                continue;
            };
            let typist = room.activity.typists.get(&user);
            if typist.is_none_or(|typist| typist.connection != connection) {
                continue;
            }
            let typist = room
                .activity
                .typists
                .remove(&user)
                .filter(|typist| typist.on);
            if let Some(typist) = typist {
                push_typing(room, key, &typist.user, false, connection, &mut self.outbox);
            }
        }
    }

    pub(super) fn tick_typing(&mut self, key: &RoomKey, now: Instant) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let mut ended = Vec::new();
        room.activity.typists.retain(|_, typist| {
            let since = now.duration_since(typist.counted);
            if typist.on && since >= ENDS_AFTER {
                ended.push((typist.user.clone(), typist.connection));
            }
            (typist.on && since < ENDS_AFTER) || (!typist.on && since < COUNTED_ONCE_PER)
        });
        for (user, connection) in ended {
            push_typing(room, key, &user, false, connection, &mut self.outbox);
        }
    }
}

fn begin_typing(room: &mut Room, request: &SetTyping, now: Instant, outbox: &mut Outbox) {
    let known = room.activity.typists.get(&request.user.id);
    if known.is_some_and(|typist| now.duration_since(typist.counted) < COUNTED_ONCE_PER) {
        return;
    }
    let typist = Typist {
        user: request.user.clone(),
        connection: request.connection,
        on: true,
        counted: now,
    };
    room.activity.typists.insert(request.user.id, typist);
    push_typing(
        room,
        &request.room,
        &request.user,
        true,
        request.connection,
        outbox,
    );
}

/// Pushes typing to all subscribers but one connection.
fn push_typing(
    room: &Room,
    key: &RoomKey,
    user: &User,
    on: bool,
    except: ConnectionId,
    outbox: &mut Outbox,
) {
    let frame = Frame::json(&push::typing(key, user, on));
    for (id, sub) in &room.subs {
        if *id != except && sub.is_live() {
            outbox.send(&sub.conn, frame.clone(), FrameClass::BestEffort);
        }
    }
}
