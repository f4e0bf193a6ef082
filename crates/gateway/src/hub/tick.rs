//! The tick: does what is due in rooms and drops what nobody needs.

use super::Hub;
use super::requests::Ticked;
use super::subscription::{BufferReason, Phase};
use bus::{Context, Handles};
use rooms::api::RoomKey;
use sessions::api::{ConnectionId, UserId};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an offline user without a connection is kept: longer than any grace period, so that
/// everyone learns that they went offline.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Most time between the first and the last step of a `join`: longer than the limit of its reply.
const JOIN_WITHIN: Duration = Duration::from_secs(10);

/// Ticks between two sweeps over connections and people.
const SWEPT_EVERY: u32 = 20;

impl Handles<Ticked> for Hub {
    fn handle(&mut self, _: &Arc<Ticked>, _: &mut Context) {
        self.tick(Instant::now());
    }
}

impl Hub {
    fn tick(&mut self, now: Instant) {
        let timed_rooms: Vec<RoomKey> = self.timed_rooms.drain().collect();
        for key in timed_rooms {
            self.tick_typing(&key, now);
            self.tick_presence(&key, now);
            self.tick_missing_range(&key, now);
            self.expire_joins(&key, now);
            self.tick_head(&key, now);
            if self.is_timed(&key) {
                self.timed_rooms.insert(key);
            }
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(SWEPT_EVERY) {
            self.forget_ended();
            self.forget_absent(now);
        }
    }

    fn is_timed(&self, key: &RoomKey) -> bool {
        let Some(room) = self.rooms.get(key) else {
            return false;
        };
        let joining = |phase: &Phase| matches!(phase, Phase::Buffering(buffer) if buffer.why != BufferReason::Replay);
        room.missing.is_some()
            || room.activity.needs_tick()
            || room.subs.values().any(|sub| joining(&sub.phase))
    }

    /// Aborts joins that timed out half way; their clients got an error and repeat them.
    fn expire_joins(&mut self, key: &RoomKey, now: Instant) {
        let Some(room) = self.rooms.get(key) else {
            return;
        };
        let abandoned = |phase: &Phase| match phase {
            Phase::Buffering(buffer) => {
                buffer.why != BufferReason::Replay && now.duration_since(buffer.since) > JOIN_WITHIN
            }
            _ => false,
        };
        let abandoned: Vec<ConnectionId> = room
            .subs
            .iter()
            .filter(|(_, sub)| abandoned(&sub.phase))
            .map(|(id, _)| *id)
            .collect();
        for id in abandoned {
            self.abort_join(id, key);
        }
    }

    /// Detaches connections whose task has ended without a [`super::Detach`].
    fn forget_ended(&mut self) {
        let dead: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, attached)| attached.conn.has_ended())
            .map(|(id, _)| *id)
            .collect();
        for id in dead {
            self.detach(id);
        }
    }

    fn forget_absent(&mut self, now: Instant) {
        let online = self.shared.online.read();
        let absent: Vec<UserId> = self
            .people
            .iter()
            .filter(|(id, person)| {
                let long = person
                    .disconnected_since
                    .is_some_and(|at| now.duration_since(at) > REMEMBERED);
                long && !online.contains(**id)
            })
            .map(|(id, _)| *id)
            .collect();
        drop(online);
        for id in absent {
            self.forget(id);
        }
    }

    fn forget(&mut self, user: UserId) {
        let Some(person) = self.people.remove(&user) else {
            return;
        };
        for key in person.rooms() {
            let Some(room) = self.rooms.get_mut(key) else {
                continue;
            };
            room.members.remove(&user);
            if room.is_unused() {
                self.rooms.remove(key);
                self.timed_rooms.remove(key);
            }
        }
    }
}
