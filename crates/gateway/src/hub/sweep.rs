//! Time passes: what is due is done, what nobody needs is forgotten.

use super::Hub;
use super::requests::Ticked;
use super::sub::{Phase, Why};
use bus::{Context, Handles};
use rooms::api::RoomKey;
use sessions::api::{ConnectionId, UserId};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long someone without a connection is remembered, once they are offline: longer than any
/// grace, so that everyone learns of their going.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How long a `join` may take between its first step and its last: longer than its reply may.
const JOIN_WITHIN: Duration = Duration::from_secs(10);

/// Ticks between two looks at everybody.
const SWEPT_EVERY: u32 = 20;

impl Handles<Ticked> for Hub {
    async fn handle(&mut self, _: &Arc<Ticked>, _: &mut Context) -> anyhow::Result<()> {
        self.tick(Instant::now());
        Ok(())
    }
}

impl Hub {
    fn tick(&mut self, now: Instant) {
        let busy: Vec<RoomKey> = self.busy.drain().collect();
        for key in busy {
            self.typing_ticked(&key, now);
            self.presence_ticked(&key, now);
            self.hole_ticked(&key, now);
            self.abandon_joins(&key, now);
            self.head_ticked(&key, now);
            if self.is_busy(&key) {
                self.busy.insert(key);
            }
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(SWEPT_EVERY) {
            self.forget_dead();
            self.forget_absent(now);
        }
    }

    fn is_busy(&self, key: &RoomKey) -> bool {
        let Some(room) = self.rooms.get(key) else {
            return false;
        };
        let joining = |phase: &Phase| matches!(phase, Phase::Held(held) if held.why != Why::Replay);
        room.hole.is_some()
            || room.pulse.beats()
            || room.subs.values().any(|sub| joining(&sub.phase))
    }

    /// A `join` whose time was up half way left its mark: the client was told and repeats it.
    fn abandon_joins(&mut self, key: &RoomKey, now: Instant) {
        let Some(room) = self.rooms.get(key) else {
            return;
        };
        let abandoned = |phase: &Phase| match phase {
            Phase::Held(held) => {
                held.why != Why::Replay && now.duration_since(held.since) > JOIN_WITHIN
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
            self.unmark(id, key);
        }
    }

    /// Connections whose task has ended without saying so.
    fn forget_dead(&mut self) {
        let dead: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, attached)| attached.conn.is_over())
            .map(|(id, _)| *id)
            .collect();
        for id in dead {
            self.detach(id);
        }
    }

    fn forget_absent(&mut self, now: Instant) {
        let online = &self.shared.online;
        let absent: Vec<UserId> = self
            .people
            .iter()
            .filter(|(id, person)| {
                let long = person
                    .alone
                    .is_some_and(|at| now.duration_since(at) > REMEMBERED);
                long && !online.contains(**id)
            })
            .map(|(id, _)| *id)
            .collect();
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
            if room.is_deserted() {
                self.rooms.remove(key);
                self.busy.remove(key);
            }
        }
    }
}
