//! Changed profiles: pushed to the person's own connections, and once to each connection that is subscribed
//! to a small room with them. Best effort: whoever misses it reads the profile when they need it.

use super::Hub;
use crate::connection::{Frame, FrameClass};
use crate::wire::push;
use bus::{Context, Handles};
use rooms::api::RoomKey;
use sessions::api::{ConnectionId, ProfileChanged, UserId};
use std::collections::HashSet;
use std::sync::Arc;

impl Handles<ProfileChanged> for Hub {
    fn handle(&mut self, changed: &Arc<ProfileChanged>, _: &mut Context) {
        let user = changed.person.user.id;
        let frame = Frame::json(&push::profile(&changed.person));
        self.push_to_user(user, &frame, changed.by);
        let own: HashSet<ConnectionId> = self.connections_of(user).into_iter().collect();
        self.push_to_companions(user, &own, &frame);
    }
}

impl Hub {
    /// Pushes to the subscribers of the small rooms that the user is in, as far as the hub knows them.
    fn push_to_companions(&mut self, user: UserId, own: &HashSet<ConnectionId>, frame: &Frame) {
        let Some(person) = self.people.get(&user) else {
            return;
        };
        let rooms: Vec<RoomKey> = person.rooms().cloned().collect();
        let mut reached = own.clone();
        for key in rooms {
            if !self.is_small(&key) {
                continue;
            }
            let Some(room) = self.rooms.get(&key) else {
                continue;
            };
            if room.hides_presence_of(user) {
                continue;
            }
            let live = room.subs.iter().filter(|(_, sub)| sub.is_live());
            for (_, sub) in live.filter(|(id, _)| reached.insert(**id)) {
                self.outbox
                    .send(&sub.conn, frame.clone(), FrameClass::BestEffort);
            }
        }
    }
}
