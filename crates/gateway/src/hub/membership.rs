//! Updates the copy of memberships from the entries and pushes each change to the user's connections.

use super::Hub;
use super::person::PreviousStatus;
use super::requests::RoomCursor;
use super::subscription::Phase;
use crate::connection::{Frame, FrameClass};
use crate::wire::push::{self, RoomPushReason};
use rooms::api::{Change, Entry, Kind, Role, RoomInfo, RoomKey, Seq};
use sessions::api::{User, UserId};
use std::sync::Arc;

impl Hub {
    /// Applies one entry to the memberships. Idempotent: an old entry changes nothing.
    pub(super) fn apply_entry(&mut self, info: &Arc<RoomInfo>, entry: &Entry) {
        self.update_consent(info, entry);
        match &entry.change {
            Change::Joined => self.joined(info, entry),
            Change::Left => self.membership_ended(info, entry, &entry.author, "left", None),
            Change::Kicked { user, reason } => {
                self.membership_ended(info, entry, user, "kicked", reason.as_deref());
            }
            Change::Banned { user, reason } => {
                self.membership_ended(info, entry, user, "banned", reason.as_deref());
            }
            Change::Invited { user, .. } => {
                self.push_room(
                    info,
                    entry.seq,
                    user.id,
                    None,
                    RoomPushReason::Invited,
                    &entry.author,
                );
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
        if person
            .record_role(&info.key, entry.seq, Some(role))
            .is_none()
        {
            return;
        }
        let room = self.rooms.entry(info.key.clone()).or_default();
        room.learn_head(entry.seq);
        room.info = Some(Arc::clone(info));
        room.members.insert(user.id);
        self.update_consent(info, entry);
        let (why, by) = join_reason(info, entry);
        self.push_room(info, entry.seq, user.id, Some(role), why, &by);
        self.subscribe_if_all(user.id, &info.key, entry.seq);
        if self.shared.online.read().contains(user.id) {
            self.note_presence(&info.key, user, true);
        }
    }

    /// Pushes a room whose membership was read before its entry came.
    pub(super) fn push_gained_room(&mut self, user: UserId, key: &RoomKey, head: Seq) {
        let info = self.rooms.get(key).and_then(|room| room.info.clone());
        let (Some(info), Some(person)) = (info, self.people.get(&user)) else {
            return;
        };
        let (role, by) = (person.role(key), person.user.clone());
        self.push_room(&info, head, user, role, RoomPushReason::Joined, &by);
        self.subscribe_if_all(user, key, head);
    }

    /// Subscribes connections with `subscribe:"all"` to a new room, from the entry after `seq`.
    fn subscribe_if_all(&mut self, user: UserId, key: &RoomKey, seq: Seq) {
        for id in self.connections_of(user) {
            let attached = &self.connections[&id];
            if attached.all && attached.held_frames.is_none() && !attached.rooms.contains(key) {
                self.subscribe(id, key, Some(RoomCursor::all_up_to(seq)));
            }
        }
    }

    /// Ends a membership with `entry`, the last one of the room that the user gets.
    fn membership_ended(
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
        match person.record_role(&info.key, entry.seq, None) {
            Some(PreviousStatus::Member | PreviousStatus::Unknown) => {}
            Some(PreviousStatus::NotMember) | None => return,
        }
        let gone = push::gone(&info.key, why, entry.seq, &entry.author, reason);
        let last = Frame::json(&push::entry(&info.key, entry));
        self.close_room(user.id, &info.key, &Frame::json(&gone), Some(&last));
    }

    /// Pushes `gone` to every connection of the user and ends their subscriptions.
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
            self.push(id, gone.clone());
        }
        if let Some(room) = self.rooms.get_mut(key) {
            room.members.remove(&user);
            room.activity.forget(user);
            if room.is_unused() {
                self.rooms.remove(key);
                self.timed_rooms.remove(key);
            }
        }
    }

    /// If a reply to `join` is still to come, defers `gone` until after it and returns `true`.
    fn ends_after_join(
        &mut self,
        id: sessions::api::ConnectionId,
        key: &RoomKey,
        gone: &Frame,
    ) -> bool {
        let sub = self.rooms.get_mut(key).and_then(|r| r.subs.get_mut(&id));
        let Some(buffer) = sub.and_then(|sub| sub.pending_join()) else {
            return false;
        };
        buffer.trailing.push(gone.clone());
        buffer.membership_ended = true;
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
        // A live subscription already got the last entry; one in the past gets it out of order.
        if let (Some(sub), Some(last)) = (sub, last)
            && !matches!(sub.phase, Phase::Live(_))
        {
            self.outbox.send(&sub.conn, last.clone(), FrameClass::Push);
        }
    }

    fn role_changed(&mut self, info: &Arc<RoomInfo>, entry: &Entry, user: &User, role: Role) {
        let Some(person) = self.people.get_mut(&user.id) else {
            return;
        };
        match person.record_role(&info.key, entry.seq, Some(role)) {
            Some(PreviousStatus::Member | PreviousStatus::Unknown) => {
                self.push_room(
                    info,
                    entry.seq,
                    user.id,
                    Some(role),
                    RoomPushReason::Role,
                    &entry.author,
                );
            }
            Some(PreviousStatus::NotMember) | None => {}
        }
    }

    fn mute_changed(&mut self, info: &RoomInfo, seq: Seq, user: UserId, until_ms: i64) {
        if let Some(person) = self.people.get_mut(&user) {
            person.record_mute(&info.key, seq, until_ms);
        }
    }

    fn room_changed(&mut self, info: &Arc<RoomInfo>, entry: &Entry) {
        let Some(room) = self.rooms.get(&info.key) else {
            return;
        };
        let members: Vec<UserId> = room.members.iter().copied().collect();
        for user in members {
            let role = self.people.get(&user).and_then(|p| p.role(&info.key));
            self.push_room(
                info,
                entry.seq,
                user,
                role,
                RoomPushReason::Changed,
                &entry.author,
            );
        }
    }

    /// Sends a `room` push to every connection of a user.
    fn push_room(
        &mut self,
        info: &Arc<RoomInfo>,
        head: Seq,
        user: UserId,
        role: Option<Role>,
        why: RoomPushReason,
        by: &User,
    ) {
        let connections = self.connections_of(user);
        if connections.is_empty() {
            return;
        }
        let admin = connections
            .iter()
            .any(|id| self.connections[id].caller.admin);
        let card = info.card(
            user,
            effective_role(role, admin && info.kind == Kind::Public),
        );
        let frame = Frame::json(&push::room(&card, head, why, by));
        for id in connections {
            let sub = self
                .rooms
                .get_mut(&info.key)
                .and_then(|r| r.subs.get_mut(&id));
            match sub.and_then(|sub| sub.pending_join()) {
                Some(join) => join.trailing.push(frame.clone()),
                None => self.push(id, frame.clone()),
            }
        }
    }
}

/// The server's own room: its first member does not own it.
const GENERAL: &str = "general";

/// Returns the role of a user who joined with entry `seq`: the creator owns a room, unless it is a
/// direct one or the server's own; everyone else begins as a member.
fn role_of_joined(info: &RoomInfo, seq: Seq) -> Role {
    let made = seq == 1 && info.kind != Kind::Direct && &*info.key.0 != GENERAL;
    if made { Role::Owner } else { Role::Member }
}

/// Returns the reason of the `room` push for a join, and who caused it: the first member of a direct
/// room brings in the second.
fn join_reason(info: &Arc<RoomInfo>, entry: &Entry) -> (RoomPushReason, User) {
    if info.kind != Kind::Direct {
        return (RoomPushReason::Joined, entry.author.clone());
    }
    let other = info.card(entry.author.id, None).with;
    let by = other.filter(|_| entry.seq > 1);
    (
        RoomPushReason::Dm,
        by.unwrap_or_else(|| entry.author.clone()),
    )
}

/// Raises the role of a server administrator, who is at least a moderator in public rooms.
fn effective_role(role: Option<Role>, admin: bool) -> Option<Role> {
    role.map(|role| {
        if admin {
            role.max(Role::Moderator)
        } else {
            role
        }
    })
}
