//! The copy of memberships follows the entries, and everyone concerned is told on all their
//! connections.

use super::Hub;
use super::person::Before;
use super::requests::Known;
use super::sub::Phase;
use crate::connection::{Class, Frame};
use crate::wire::push::{self, Why};
use rooms::api::{Change, Entry, Kind, Role, RoomInfo, RoomKey, Seq};
use sessions::api::{User, UserId};
use std::sync::Arc;

impl Hub {
    /// Draws the consequences of one entry. Idempotent: an old one changes nothing.
    pub(super) fn follow(&mut self, info: &Arc<RoomInfo>, entry: &Entry) {
        self.answer_follows(info, entry);
        match &entry.change {
            Change::Joined => self.joined(info, entry),
            Change::Left => self.ended(info, entry, &entry.author, "left", None),
            Change::Kicked { user, reason } => {
                self.ended(info, entry, user, "kicked", reason.as_deref());
            }
            Change::Banned { user, reason } => {
                self.ended(info, entry, user, "banned", reason.as_deref());
            }
            Change::Invited { user, .. } => {
                self.show(info, entry.seq, user.id, None, Why::Invited, &entry.author);
            }
            Change::Role { user, role, .. } => self.role_changed(info, entry, user, *role),
            Change::Room { .. } => self.room_changed(info, entry),
            Change::Muted { user, until_ms, .. } => {
                self.mute_changed(info, entry.seq, user.id, *until_ms);
            }
            Change::Unmuted { user, .. } => self.mute_changed(info, entry.seq, user.id, 0),
            _ => {}
        }
    }

    fn joined(&mut self, info: &Arc<RoomInfo>, entry: &Entry) {
        let user = &entry.author;
        let Some(person) = self.people.get_mut(&user.id) else {
            return;
        };
        let role = role_of_joined(info, entry.seq);
        if person.note(&info.key, entry.seq, Some(role)).is_none() {
            return;
        }
        let room = self.rooms.entry(info.key.clone()).or_default();
        room.at_least(entry.seq);
        room.info = Some(Arc::clone(info));
        room.members.insert(user.id);
        self.answer_follows(info, entry);
        let (why, by) = why_joined(info, entry);
        self.show(info, entry.seq, user.id, Some(role), why, &by);
        self.subscribe_gained(user.id, &info.key, entry.seq);
        if self.shared.online.contains(user.id) {
            self.pulse_presence(&info.key, user, true);
        }
    }

    /// A membership came to light that no entry has shown yet.
    pub(super) fn show_gained(&mut self, user: UserId, key: &RoomKey, head: Seq) {
        let info = self.rooms.get(key).and_then(|room| room.info.clone());
        let (Some(info), Some(person)) = (info, self.people.get(&user)) else {
            return;
        };
        let (role, by) = (person.role(key), person.user.clone());
        self.show(&info, head, user, role, Why::Joined, &by);
        self.subscribe_gained(user, key, head);
    }

    /// Connections with `subscribe:"all"` get a room gained later from the entry after `seq`.
    fn subscribe_gained(&mut self, user: UserId, key: &RoomKey, seq: Seq) {
        for id in self.connections_of(user) {
            let attached = &self.connections[&id];
            if attached.all && attached.opening.is_none() && !attached.rooms.contains(key) {
                self.subscribe(id, key, Some(Known::all_up_to(seq)));
            }
        }
    }

    /// A membership has ended with `entry`: this is the last that the user hears of the room.
    fn ended(
        &mut self,
        info: &Arc<RoomInfo>,
        entry: &Entry,
        user: &User,
        why: &'static str,
        reason: Option<&str>,
    ) {
        let Some(person) = self.people.get_mut(&user.id) else {
            return;
        };
        match person.note(&info.key, entry.seq, None) {
            Some(Before::Member | Before::Unknown) => {}
            Some(Before::Outside) | None => return,
        }
        let gone = push::gone(&info.key, why, entry.seq, &entry.author, reason);
        let last = Frame::json(&push::entry(&info.key, entry));
        self.close_room(user.id, &info.key, &Frame::json(&gone), Some(&last));
    }

    /// `gone` goes to every connection of the user, and nothing of the room after it.
    pub(super) fn close_room(
        &mut self,
        user: UserId,
        key: &RoomKey,
        gone: &Frame,
        last: Option<&Frame>,
    ) {
        for id in self.connections_of(user) {
            if self.ends_after_join(id, key, gone) {
                continue;
            }
            self.end_subscription(id, key, last);
            self.tell(id, gone.clone());
        }
        if let Some(room) = self.rooms.get_mut(key) {
            room.members.remove(&user);
            room.pulse.forget(user);
            if room.is_deserted() {
                self.rooms.remove(key);
                self.busy.remove(key);
            }
        }
    }

    /// Where a reply to `join` is still to come, `gone` comes after that.
    fn ends_after_join(
        &mut self,
        id: sessions::api::ConnectionId,
        key: &RoomKey,
        gone: &Frame,
    ) -> bool {
        let sub = self.rooms.get_mut(key).and_then(|r| r.subs.get_mut(&id));
        let Some(held) = sub.and_then(|sub| sub.join_under_way()) else {
            return false;
        };
        held.after.push(gone.clone());
        held.ended = true;
        true
    }

    fn end_subscription(
        &mut self,
        id: sessions::api::ConnectionId,
        key: &RoomKey,
        last: Option<&Frame>,
    ) {
        let sub = self.rooms.get_mut(key).and_then(|r| r.subs.remove(&id));
        if let Some(attached) = self.connections.get_mut(&id) {
            attached.rooms.remove(key);
        }
        // One that was live has had the last entry; one still in the past gets it out of turn.
        if let (Some(sub), Some(last)) = (sub, last)
            && !matches!(sub.phase, Phase::Live(_))
        {
            self.outbox.send(&sub.conn, last.clone(), Class::Push);
        }
    }

    fn role_changed(&mut self, info: &Arc<RoomInfo>, entry: &Entry, user: &User, role: Role) {
        let Some(person) = self.people.get_mut(&user.id) else {
            return;
        };
        match person.note(&info.key, entry.seq, Some(role)) {
            Some(Before::Member | Before::Unknown) => {
                self.show(
                    info,
                    entry.seq,
                    user.id,
                    Some(role),
                    Why::Role,
                    &entry.author,
                );
            }
            Some(Before::Outside) | None => {}
        }
    }

    fn mute_changed(&mut self, info: &RoomInfo, seq: Seq, user: UserId, until_ms: i64) {
        if let Some(person) = self.people.get_mut(&user) {
            person.note_mute(&info.key, seq, until_ms);
        }
    }

    fn room_changed(&mut self, info: &Arc<RoomInfo>, entry: &Entry) {
        let Some(room) = self.rooms.get(&info.key) else {
            return;
        };
        let members: Vec<UserId> = room.members.iter().copied().collect();
        for user in members {
            let role = self.people.get(&user).and_then(|p| p.role(&info.key));
            self.show(info, entry.seq, user, role, Why::Changed, &entry.author);
        }
    }

    /// A `room` push to every connection of a user.
    fn show(
        &mut self,
        info: &Arc<RoomInfo>,
        head: Seq,
        user: UserId,
        role: Option<Role>,
        why: Why,
        by: &User,
    ) {
        let connections = self.connections_of(user);
        if connections.is_empty() {
            return;
        }
        let admin = connections
            .iter()
            .any(|id| self.connections[id].caller.admin);
        let card = info.card(user, lifted(role, admin && info.kind == Kind::Public));
        let frame = Frame::json(&push::room(&card, head, why, by));
        for id in connections {
            let sub = self
                .rooms
                .get_mut(&info.key)
                .and_then(|r| r.subs.get_mut(&id));
            match sub.and_then(|sub| sub.join_under_way()) {
                Some(join) => join.after.push(frame.clone()),
                None => self.tell(id, frame.clone()),
            }
        }
    }
}

/// The room that belongs to the server: its first member does not own it.
const GENERAL: &str = "general";

/// Whoever made a room owns it, but for direct rooms, which nobody does; everyone else begins as a
/// member.
fn role_of_joined(info: &RoomInfo, seq: Seq) -> Role {
    let made = seq == 1 && info.kind != Kind::Direct && &*info.key.0 != GENERAL;
    if made { Role::Owner } else { Role::Member }
}

/// Why someone is shown a room they have joined, and by whose doing: a direct room's second member
/// is brought in by its first.
fn why_joined(info: &Arc<RoomInfo>, entry: &Entry) -> (Why, User) {
    if info.kind != Kind::Direct {
        return (Why::Joined, entry.author.clone());
    }
    let other = info.card(entry.author.id, None).with;
    let by = other.filter(|_| entry.seq > 1);
    (Why::Dm, by.unwrap_or_else(|| entry.author.clone()))
}

/// Server administrators are at least moderators of public rooms they are in.
fn lifted(role: Option<Role>, admin: bool) -> Option<Role> {
    role.map(|role| {
        if admin {
            role.max(Role::Moderator)
        } else {
            role
        }
    })
}
