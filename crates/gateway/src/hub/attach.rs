//! Connections attach, open and detach.

use super::person::{Person, PreviousStatus};
use super::requests::{Attach, AttachResult, Detach, FinishHello, RoomCursor};
use super::room::Room;
use super::subscription::{Phase, Subscription};
use super::{AttachedConnection, Hub};
use crate::connection::{Close, Frame, FrameClass};
use crate::wire::push::{self, RoomPushReason};
use bus::{Answers, Context, Reply};
use rooms::api::{Invited, Membership, RoomKey, Seq};
use sessions::api::{ConnectionId, UserId};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Where a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// At the next entry.
    Live,
    /// In the past: the connection replays what the client has missed.
    Behind,
}

impl Answers<Attach> for Hub {
    fn answer(&mut self, attach: Attach, reply: Reply<AttachResult>, _: &mut Context) {
        // If the requester has given up, its client says hello again: do not attach it now.
        if reply.begin() {
            reply.answer(self.attach(attach));
        }
    }
}

impl Answers<FinishHello> for Hub {
    fn answer(&mut self, request: FinishHello, reply: Reply<Vec<(RoomKey, Seq)>>, _: &mut Context) {
        if reply.begin() {
            reply.answer(self.finish_hello(request));
        }
    }
}

impl Answers<Detach> for Hub {
    fn answer(&mut self, detach: Detach, reply: Reply<()>, _: &mut Context) {
        self.detach(detach.connection);
        reply.answer(());
    }
}

impl Hub {
    fn attach(&mut self, attach: Attach) -> AttachResult {
        self.detach(attach.conn.id);
        self.take_over(&attach);
        let (user, session) = (attach.caller.user.id, attach.caller.session);
        let limits = &self.shared.limits;
        let connections = self.connections_of(user);
        let tabs = connections
            .iter()
            .filter(|id| self.connections[*id].caller.session == session);
        if tabs.count() >= limits.tabs_max {
            return AttachResult::TooManyTabs;
        }
        if connections.len() >= limits.connections_per_user {
            return AttachResult::TooManyConnections;
        }
        let person = self
            .people
            .entry(user)
            .or_insert_with(|| Person::new(attach.caller.user.clone()));
        person.user = attach.caller.user.clone();
        person.connections.push(attach.conn.id);
        person.disconnected_since = None;
        let attached = AttachedConnection {
            conn: attach.conn,
            caller: attach.caller,
            tab: attach.tab,
            all: attach.all,
            rooms: HashSet::new(),
            held_frames: Some(Vec::new()),
        };
        self.connections.insert(attached.conn.id, attached);
        AttachResult::Done
    }

    /// Closes an older connection with the same session and tab.
    fn take_over(&mut self, newer: &Attach) {
        for id in self.connections_of(newer.caller.user.id) {
            let older = &self.connections[&id];
            if older.caller.session == newer.caller.session && older.tab == newer.tab {
                older.conn.close(Close::TAKEN_OVER);
                older.conn.flush();
                self.detach(id);
            }
        }
    }

    fn finish_hello(&mut self, request: FinishHello) -> Vec<(RoomKey, Seq)> {
        let Some(attached) = self.connections.get_mut(&request.connection) else {
            return Vec::new();
        };
        let (user, all) = (attached.caller.user.id, attached.all);
        let conn = Arc::clone(&attached.conn);
        let held = attached.held_frames.take().unwrap_or_default();
        self.outbox.send(&conn, request.reply, FrameClass::Reply);
        for frame in held {
            self.outbox.send(&conn, frame, FrameClass::Push);
        }
        for membership in &request.memberships {
            self.learn_membership(membership);
        }
        self.memberships_known(user);
        self.repeat_invitations(request.connection, user, &request.invitations);
        let mut behind = Vec::new();
        for (room, cursor) in request.rooms {
            if self.subscribe(request.connection, &room, Some(cursor)) == Some(Start::Behind) {
                behind.push((room, cursor.cursor));
            }
        }
        if all {
            self.subscribe_all(request.connection, user);
        }
        behind
    }

    /// Pushes the invitations that were read, except for rooms that the user has joined since.
    fn repeat_invitations(&mut self, connection: ConnectionId, user: UserId, all: &[Invited]) {
        for invited in all {
            let person = self.people.get(&user);
            let joined = person.and_then(|person| person.role(&invited.card.room.key));
            if joined.is_none() {
                let Invited { card, head, by, .. } = invited;
                let frame = Frame::json(&push::room(card, *head, RoomPushReason::Invited, by));
                self.push(connection, frame);
            }
        }
    }

    /// Learns a membership that was read, unless the hub has seen a later entry.
    pub(super) fn learn_membership(&mut self, membership: &Membership) {
        let key = &membership.room.key;
        let Some(person) = self.people.get_mut(&membership.user) else {
            return;
        };
        // Recorded as of the head at which it was read: entries above that are newer.
        let before = person.record_role(key, membership.head, Some(membership.role));
        if person.role(key).is_none() {
            return;
        }
        if let Some(until_ms) = membership.muted_until {
            person.record_mute(key, membership.head, until_ms);
        }
        let room = self.rooms.entry(key.clone()).or_default();
        room.learn_head(membership.head);
        room.info
            .get_or_insert_with(|| Arc::clone(&membership.room));
        room.members.insert(membership.user);
        room.learn_consent(membership);
        if before == Some(PreviousStatus::NotMember) {
            // The entry is still on its way and will count as old when it comes.
            self.push_gained_room(membership.user, key, membership.head);
        }
    }

    /// Notes that all memberships of this user are known.
    fn memberships_known(&mut self, user: UserId) {
        let Some(person) = self.people.get_mut(&user) else {
            return;
        };
        person.known = true;
        if std::mem::take(&mut person.came_online) {
            self.presence_changed(user, true);
        }
    }

    /// Subscribes to the user's other rooms, from their next entry.
    fn subscribe_all(&mut self, connection: ConnectionId, user: UserId) {
        let rooms: Vec<RoomKey> = self.people[&user].rooms().cloned().collect();
        for room in rooms {
            if !self.connections[&connection].rooms.contains(&room) {
                self.subscribe(connection, &room, None);
            }
        }
    }

    /// Subscribes a connection from a cursor, or from the room's next entry. Does nothing if its user is
    /// not a member.
    pub(super) fn subscribe(
        &mut self,
        connection: ConnectionId,
        key: &RoomKey,
        cursor: Option<RoomCursor>,
    ) -> Option<Start> {
        let attached = self.connections.get_mut(&connection)?;
        let user = attached.caller.user.id;
        self.people.get(&user)?.role(key)?;
        let room: &mut Room = self.rooms.entry(key.clone()).or_default();
        let here = room.next.map_or(0, |next| next - 1);
        let RoomCursor { cursor, head } = cursor.unwrap_or(RoomCursor::all_up_to(here));
        let (phase, start) = if head <= cursor && room.is_caught_up(cursor) {
            room.learn_head(cursor);
            (Phase::Live(cursor), Start::Live)
        } else {
            (Phase::Replaying, Start::Behind)
        };
        let conn = Arc::clone(&attached.conn);
        room.subs.insert(connection, Subscription { conn, phase });
        attached.rooms.insert(key.clone());
        Some(start)
    }

    /// Removes a connection and all its subscriptions.
    pub(super) fn detach(&mut self, connection: ConnectionId) {
        let Some(attached) = self.connections.remove(&connection) else {
            return;
        };
        let user = attached.caller.user.id;
        for key in &attached.rooms {
            self.unsubscribe(connection, key);
        }
        self.stop_typing(connection, user);
        if let Some(person) = self.people.get_mut(&user) {
            person.connections.retain(|id| *id != connection);
            if person.connections.is_empty() {
                person.disconnected_since = Some(Instant::now());
            }
        }
    }

    fn unsubscribe(&mut self, connection: ConnectionId, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        room.subs.remove(&connection);
        if room.is_unused() {
            self.rooms.remove(key);
            self.timed_rooms.remove(key);
        }
    }
}
