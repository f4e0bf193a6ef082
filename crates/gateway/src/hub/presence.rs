//! Presence: at most one push per room and second, and in large rooms only the number of people online.

use super::person::Person;
use super::requests::{MembersCounted, MembershipsRead};
use super::{Hub, OWNER};
use crate::connection::{Frame, FrameClass};
use crate::shared::Shared;
use crate::wire::push;
use bus::{Context, Handles};
use rooms::api::{Members, Memberships, RoomKey};
use sessions::api::{Caller, PresenceChanged, PresenceLoaded, User, UserId};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const PUSHED_ONCE_PER: Duration = Duration::from_secs(1);

impl Handles<PresenceLoaded> for Hub {
    fn handle(&mut self, loaded: &Arc<PresenceLoaded>, _: &mut Context) {
        self.shared.online.write().load(loaded);
        if loaded.connections_forgotten {
            self.start_over();
        }
    }
}

impl Handles<PresenceChanged> for Hub {
    fn handle(&mut self, changed: &Arc<PresenceChanged>, _: &mut Context) {
        self.shared.online.write().change(changed);
        let mut unknown_users = Vec::new();
        for (user, online) in &changed.changes {
            match self.people.get_mut(&user.id) {
                Some(person) if person.known => self.presence_changed(user.id, *online),
                // The user's memberships come with the rest of its `hello`.
                Some(person) => person.came_online = *online,
                None => unknown_users.push((user.clone(), *online)),
            }
        }
        if !unknown_users.is_empty() {
            let shared = Arc::clone(&self.shared);
            let reading = async move { read_memberships(&shared, unknown_users).await };
            self.shared.tasks.once(OWNER, "gateway.read_stays", reading);
        }
    }
}

impl Handles<MembershipsRead> for Hub {
    fn handle(&mut self, read: &Arc<MembershipsRead>, _: &mut Context) {
        for (user, _) in &read.users {
            self.people
                .entry(user.id)
                .or_insert_with(|| Person::new(user.clone()));
        }
        for membership in &read.memberships {
            self.learn_membership(membership);
        }
        for (user, online) in &read.users {
            if let Some(person) = self.people.get_mut(&user.id) {
                person.known = true;
            }
            self.presence_changed(user.id, *online);
        }
    }
}

impl Handles<MembersCounted> for Hub {
    fn handle(&mut self, counted: &Arc<MembersCounted>, _: &mut Context) {
        if let Some(room) = self.rooms.get_mut(&counted.room) {
            room.activity.counting = false;
            room.activity.count = room.activity.count.or(counted.count);
            let room_counted = room.activity.count.is_some();
            self.timed_rooms.insert(counted.room.clone());
            if room_counted {
                self.tick_presence(&counted.room, Instant::now());
            }
        }
    }
}

impl Hub {
    /// Notes in all their rooms that a user with known memberships came online or went offline.
    pub(super) fn presence_changed(&mut self, id: UserId, online: bool) {
        let Some(person) = self.people.get(&id) else {
            return;
        };
        let user = person.user.clone();
        let rooms: Vec<RoomKey> = person.rooms().cloned().collect();
        for room in rooms {
            self.note_presence(&room, &user, online);
        }
    }

    /// Notes a presence change in one room; pushes it at once or within a second.
    pub(super) fn note_presence(&mut self, key: &RoomKey, user: &User, online: bool) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        if room.hides_presence_of(user.id) {
            return;
        }
        let changes = &mut room.activity.changes;
        changes.retain(|(changed, _)| changed.id != user.id);
        changes.push((user.clone(), online));
        self.timed_rooms.insert(key.clone());
        self.tick_presence(key, Instant::now());
    }

    pub(super) fn tick_presence(&mut self, key: &RoomKey, now: Instant) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let too_early = |at: Instant| now.duration_since(at) < PUSHED_ONCE_PER;
        if room.activity.changes.is_empty() || room.activity.pushed.is_some_and(too_early) {
            return;
        }
        if !room
            .subs
            .values()
            .any(super::subscription::Subscription::is_live)
        {
            room.activity.changes.clear();
            return;
        }
        if room.activity.count.is_none() {
            return self.count(key);
        }
        self.push_presence(key, now);
    }

    fn push_presence(&mut self, key: &RoomKey, now: Instant) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let changes = std::mem::take(&mut room.activity.changes);
        room.activity.pushed = Some(now);
        let online = self.shared.online.read();
        let online_members = room.members.iter();
        let online_members = online_members
            .filter(|user| online.contains(**user) && !room.hides_presence_of(**user));
        let small = room.activity.count <= Some(self.shared.limits.small_room);
        let changes = small.then_some(&changes[..]);
        let frame = Frame::json(&push::presence(key, changes, online_members.count()));
        for sub in room.subs.values().filter(|sub| sub.is_live()) {
            self.outbox
                .send(&sub.conn, frame.clone(), FrameClass::BestEffort);
        }
    }

    /// Returns whether a room is small enough to show typing. Counts the known members until the number of
    /// all is read.
    pub(super) fn is_small(&mut self, key: &RoomKey) -> bool {
        self.count(key);
        let Some(room) = self.rooms.get(key) else {
            return false;
        };
        let here = room.members.len() as u64;
        room.activity.count.unwrap_or(here) <= self.shared.limits.small_room
    }

    /// Starts to count the members of a room, unless they are counted already.
    fn count(&mut self, key: &RoomKey) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        if room.activity.count.is_some() || room.activity.counting {
            return;
        }
        let Some((id, _)) = room.subs.iter().next() else {
            return;
        };
        let Some(attached) = self.connections.get(id) else {
            return;
        };
        room.activity.counting = true;
        let (shared, room) = (Arc::clone(&self.shared), key.clone());
        let caller = attached.caller.clone();
        let counting = async move { count_members(&shared, caller, room).await };
        self.shared.tasks.once(OWNER, "gateway.count", counting);
    }
}

async fn count_members(shared: &Shared, caller: Caller, room: RoomKey) {
    let members = Members {
        caller,
        room: room.clone(),
        after: None,
        limit: 1,
        online_only: true,
    };
    let asked = shared.bus.ask(members, shared.limits.ask_within).await;
    let count = asked.ok().and_then(Result::ok).map(|page| page.count);
    shared.bus.publish(MembersCounted { room, count }).await;
}

async fn read_memberships(shared: &Shared, users: Vec<(User, bool)>) {
    let ids = users.iter().map(|(user, _)| user.id).collect();
    let asked = shared
        .bus
        .ask(Memberships { users: ids }, shared.limits.ask_within)
        .await;
    // Presence is best effort: the next change makes up for a failed read.
    let Ok(Ok(memberships)) = asked else {
        return;
    };
    shared
        .bus
        .publish(MembershipsRead { users, memberships })
        .await;
}
