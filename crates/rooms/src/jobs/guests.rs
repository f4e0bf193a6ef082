//! Guests end with their last room. Joining a room and ending a guest exclude each other: both
//! hold the guest's own lock.

use super::{Outcome, leave, lock, person};
use crate::api::{Refusal, RoomKey};
use crate::store::{members, rooms};
use bus::Event;
use sessions::api::{Online, User, UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;

/// A guest's way out of its rooms has been found: one job for each room follows, in that room's
/// lane. Rooms tells it to itself only.
pub(crate) struct GuestRoomsFound {
    pub(crate) user: User,
    pub(crate) rooms: Vec<RoomKey>,
}

impl Event for GuestRoomsFound {
    const NAME: &'static str = "rooms.guest_leaving";
}

/// An expired guest was taken out of one of its rooms; perhaps it was the last. Rooms tells it to
/// itself only.
pub(crate) struct GuestRemoved {
    pub(crate) guest: UserId,
}

impl Event for GuestRemoved {
    const NAME: &'static str = "rooms.guest_departed";
}

/// Ends a guest who is offline and in no room.
pub(crate) struct EndGuestJob {
    pub(crate) guest: UserId,
    pub(crate) online: Online,
}

impl Job for EndGuestJob {
    const NAME: &'static str = "rooms.end_guest";
    const LOCKS: bool = true;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        directory::LANE
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(vec![person::lock(self.guest)])
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        if !self.online.contains(self.guest) {
            end_if_in_no_room(tx, self.guest).await?;
        }
        Ok(())
    }
}

/// Finds the rooms that an expired guest has to leave, or ends it if there are none.
pub(crate) struct ExpireGuestJob {
    pub(crate) guest: User,
}

impl Job for ExpireGuestJob {
    const NAME: &'static str = "rooms.part_guest";
    const LOCKS: bool = true;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        directory::LANE
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(vec![person::lock(self.guest.id)])
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let places = members::of_users(tx, &[self.guest.id]).await?;
        if places.is_empty() {
            end_if_in_no_room(tx, self.guest.id).await?;
            return Ok(());
        }
        let ids = places.iter().map(|place| place.room).collect();
        let rooms = rooms::by_ids(tx, &ids).await?;
        tx.state(GuestRoomsFound {
            user: self.guest.clone(),
            rooms: rooms
                .into_values()
                .map(|room| room.info.key.clone())
                .collect(),
        });
        Ok(())
    }
}

/// Takes an expired guest out of one room. After a crash between two rooms, or before its end, the
/// guest is still there, unseen as before, and found again. One who has come back meanwhile stays.
pub(crate) struct RemoveGuestJob {
    pub(crate) guest: User,
    pub(crate) room: RoomKey,
    pub(crate) online: Online,
    pub(crate) at: i64,
}

impl Job for RemoveGuestJob {
    const NAME: &'static str = "rooms.depart";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        let mut room = lock(tx, &self.room).await?;
        if self.online.contains(self.guest.id) {
            return Ok(());
        }
        let guest = &self.guest;
        if let Some(member) = members::find(tx, room.info.id, guest.id).await? {
            leave::remove_member(tx, &mut room, guest, &member, self.at).await?;
        }
        tx.state(GuestRemoved { guest: guest.id });
        Ok(())
    }
}

/// Under the guest's lock: whoever joins a room meanwhile comes before, and is seen here, or after,
/// and sees that the guest has ended.
async fn end_if_in_no_room(tx: &mut Writer<'_>, guest: UserId) -> Result<(), Fault> {
    if members::count_rooms(tx, guest).await? == 0 {
        directory::end_guest(tx, guest).await?;
    }
    Ok(())
}
