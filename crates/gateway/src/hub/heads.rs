//! Pushes the rooms' heads as stored, so that clients notice missed pushes. The hub, too, fetches what
//! it has missed.

use super::Hub;
use super::missing_range::MissingRange;
use super::requests::{HeadsRead, SendHeads};
use super::room_activity::AnnouncedHead;
use crate::connection::{Conn, Frame, FrameClass};
use crate::wire::push;
use bus::{Answers, Context, Handles, Reply};
use rooms::api::{RoomHead, RoomKey, Seq};
use sessions::api::ConnectionId;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The heads for one connection. Most connections get one room, but thousands may get one at once.
type HeadsPush<'a> = SmallVec<[(&'a str, Seq); 1]>;

/// Most subscribers per step, rounded up to a whole room. The heads of a thousand rooms in one step
/// would delay every entry by the time it takes to write to everyone.
const SUBSCRIBERS_PER_STEP: usize = 256;

/// After this long a head is pushed once more.
const AGAIN_AFTER: Duration = Duration::from_secs(15);

impl Handles<HeadsRead> for Hub {
    fn handle(&mut self, read: &Arc<HeadsRead>, _: &mut Context) {
        let now = Instant::now();
        for RoomHead { key, head, .. } in &read.heads {
            self.fetch_if_behind(key, *head);
            if self.needs_announcing(key, *head, now) {
                self.heads_due.push_back(key.clone());
            }
        }
    }
}

impl Answers<SendHeads> for Hub {
    fn answer(&mut self, _: SendHeads, reply: Reply<bool>, _: &mut Context) {
        if reply.begin() {
            self.send_some_heads();
            reply.answer(!self.heads_due.is_empty());
        }
    }
}

impl Hub {
    /// Fetches missing entries if the room is behind its stored head.
    fn fetch_if_behind(&mut self, key: &RoomKey, head: Seq) {
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        if room.next.is_some_and(|next| next <= head) {
            let missing = room
                .missing
                .get_or_insert_with(|| Box::new(MissingRange::new()));
            missing.extend_to(head);
            self.fetch_missing(key);
        }
    }

    fn needs_announcing(&mut self, key: &RoomKey, head: Seq, now: Instant) -> bool {
        let Some(room) = self.rooms.get_mut(key) else {
            return false;
        };
        let announced = &mut room.activity.announced;
        if announced
            .as_ref()
            .is_some_and(|announced| announced.head >= head)
        {
            return false;
        }
        *announced = Some(AnnouncedHead {
            head,
            at: now,
            repeated: false,
        });
        self.timed_rooms.insert(key.clone());
        true
    }

    /// Queues a head for its second push when it is time.
    pub(super) fn tick_head(&mut self, key: &RoomKey, now: Instant) {
        let room = self.rooms.get_mut(key);
        let Some(announced) = room.and_then(|room| room.activity.announced.as_mut()) else {
            return;
        };
        if !announced.repeated && now.duration_since(announced.at) >= AGAIN_AFTER {
            announced.repeated = true;
            self.heads_due.push_back(key.clone());
        }
    }

    /// Pushes the heads of the first queued rooms.
    fn send_some_heads(&mut self) {
        let (mut heads, mut subscribers) = (Vec::new(), 0);
        while subscribers < SUBSCRIBERS_PER_STEP
            && let Some(key) = self.heads_due.pop_front()
        {
            let Some(room) = self.rooms.get(&key) else {
                continue;
            };
            if let Some(announced) = &room.activity.announced {
                subscribers += room.subs.len();
                heads.push((key, announced.head));
            }
        }
        self.send_heads(&heads);
    }

    /// Sends each connection one push with all its rooms' heads.
    fn send_heads(&mut self, heads: &[(RoomKey, Seq)]) {
        let mut pushes: HashMap<ConnectionId, (Arc<Conn>, HeadsPush)> = HashMap::new();
        for (key, head) in heads {
            let Some(room) = self.rooms.get(key) else {
                continue;
            };
            for (id, sub) in room.subs.iter().filter(|(_, sub)| sub.is_live()) {
                let (_, rooms) = pushes
                    .entry(*id)
                    .or_insert_with(|| (Arc::clone(&sub.conn), HeadsPush::new()));
                rooms.push((&key.0, *head));
            }
        }
        for (conn, rooms) in pushes.into_values() {
            let rooms = rooms.into_iter().collect();
            let frame = Frame::json(&push::heads(&rooms));
            self.outbox.send(&conn, frame, FrameClass::BestEffort);
        }
    }
}
