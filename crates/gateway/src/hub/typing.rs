//! Who is typing: counted at most once per three seconds, ended after eight, in small rooms only.

use super::Hub;
use super::outbox::Outbox;
use super::pulse::Typist;
use super::requests::{Types, Typing};
use super::room::Room;
use crate::connection::{Class, Frame};
use crate::wire::{Time, push};
use bus::{Answers, Context, Reply};
use rooms::api::RoomKey;
use sessions::api::{ConnectionId, User, UserId};
use std::time::Duration;
use tokio::time::Instant;

const COUNTS_ONCE_IN: Duration = Duration::from_secs(3);
const ENDS_AFTER: Duration = Duration::from_secs(8);

impl Answers<Types> for Hub {
    async fn answer(
        &mut self,
        types: Types,
        reply: Reply<Typing>,
        _: &mut Context,
    ) -> anyhow::Result<()> {
        let typing = self.types(types, Instant::now());
        reply.answer(typing);
        Ok(())
    }
}

impl Hub {
    fn types(&mut self, types: Types, now: Instant) -> Typing {
        let person = self.people.get(&types.user.id);
        let Some(person) = person.filter(|person| person.role(&types.room).is_some()) else {
            return Typing::NoMember;
        };
        if types.on && person.is_muted(&types.room, Time::now().0) {
            return Typing::Muted;
        }
        if self.is_small(&types.room) {
            self.show_typing(types, now);
        }
        Typing::Heard
    }

    fn show_typing(&mut self, types: Types, now: Instant) {
        let room = self.rooms.get_mut(&types.room);
        let Some(room) = room.filter(|room| !room.hides(types.user.id)) else {
            return;
        };
        if types.on {
            begin(room, &types, now, &mut self.outbox);
            self.busy.insert(types.room);
        } else if let Some(typist) = room.pulse.typists.get_mut(&types.user.id)
            && std::mem::take(&mut typist.on)
        {
            tell(
                room,
                &types.room,
                &types.user,
                false,
                types.connection,
                &mut self.outbox,
            );
        }
    }

    /// A connection has gone: whoever typed through it has stopped.
    pub(super) fn stop_typing(&mut self, connection: ConnectionId, user: UserId) {
        let Some(person) = self.people.get(&user) else {
            return;
        };
        for key in person.rooms() {
            let Some(room) = self.rooms.get_mut(key) else {
                continue;
            };
            let typist = room.pulse.typists.get(&user);
            if typist.is_none_or(|typist| typist.connection != connection) {
                continue;
            }
            let typist = room.pulse.typists.remove(&user).filter(|typist| typist.on);
            if let Some(typist) = typist {
                tell(room, key, &typist.user, false, connection, &mut self.outbox);
            }
        }
    }

    pub(super) fn typing_ticked(&mut self, key: &RoomKey, now: Instant) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let mut ended = Vec::new();
        room.pulse.typists.retain(|_, typist| {
            let since = now.duration_since(typist.counted);
            if typist.on && since >= ENDS_AFTER {
                ended.push((typist.user.clone(), typist.connection));
            }
            (typist.on && since < ENDS_AFTER) || (!typist.on && since < COUNTS_ONCE_IN)
        });
        for (user, connection) in ended {
            tell(room, key, &user, false, connection, &mut self.outbox);
        }
    }
}

fn begin(room: &mut Room, types: &Types, now: Instant, outbox: &mut Outbox) {
    let known = room.pulse.typists.get(&types.user.id);
    if known.is_some_and(|typist| now.duration_since(typist.counted) < COUNTS_ONCE_IN) {
        return;
    }
    let typist = Typist {
        user: types.user.clone(),
        connection: types.connection,
        on: true,
        counted: now,
    };
    room.pulse.typists.insert(types.user.id, typist);
    tell(
        room,
        &types.room,
        &types.user,
        true,
        types.connection,
        outbox,
    );
}

/// Tells everyone in the room but the connection that knows.
fn tell(
    room: &Room,
    key: &RoomKey,
    user: &User,
    on: bool,
    knows: ConnectionId,
    outbox: &mut Outbox,
) {
    let frame = Frame::json(&push::typing(key, user, on));
    for (id, sub) in &room.subs {
        if *id != knows && sub.is_live() {
            outbox.send(&sub.conn, frame.clone(), Class::Soft);
        }
    }
}
