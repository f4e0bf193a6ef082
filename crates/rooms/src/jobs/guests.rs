//! The end of guests: a guest ends when it is offline and in no room. Joining a room and ending a guest
//! exclude each other, because both hold the guest's own lock.

use super::{Outcome, leave, lock, person};
use crate::api::{Refusal, RoomId, RoomKey, catalogue};
use crate::store::members;
use bus::Event;
use sessions::api::{User, UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;

/// An expired guest is in these rooms: one [`RemoveGuestJob`] for each follows, in the room's lane. Only
/// rooms itself handles this event.
pub(crate) struct GuestRoomsFound {
    pub(crate) guest: User,
    pub(crate) rooms: Vec<RoomKey>,
}

impl Event for GuestRoomsFound {
    const NAME: &'static str = "rooms.guest_leaving";
}

/// An expired guest was removed from a room, perhaps its last. Only rooms itself handles this event.
pub(crate) struct GuestRemoved {
    pub(crate) guest: UserId,
}

impl Event for GuestRemoved {
    const NAME: &'static str = "rooms.guest_departed";
}

/// Ends a guest who is offline and in no room.
pub(crate) struct EndGuestJob {
    pub(crate) guest: UserId,
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
        Ok(end_if_in_no_room(tx, self.guest).await?)
    }
}

/// Finds the rooms that an expired guest must leave, or ends the guest if there are none.
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
        let memberships = members::of_users(tx, &[self.guest.id]).await?;
        if memberships.is_empty() {
            end_if_in_no_room(tx, self.guest.id).await?;
            return Ok(());
        }
        let ids: Vec<RoomId> = memberships.iter().map(|row| row.room).collect();
        let keys = catalogue::keys(tx, &ids).await?;
        tx.state(GuestRoomsFound {
            guest: self.guest.clone(),
            rooms: keys.into_values().collect(),
        });
        Ok(())
    }
}

/// Removes an expired guest from one room, unless it has come back or become an account meanwhile. After a crash before the
/// last room or before its end, the guest still counts as expired and is found again.
pub(crate) struct RemoveGuestJob {
    pub(crate) guest: User,
    pub(crate) room: RoomKey,
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
        let now = directory::by_id(tx, &[self.guest.id]).await?;
        let is_guest = now.get(&self.guest.id).is_none_or(|user| user.guest);
        if !is_guest || directory::is_connected(tx, self.guest.id).await? {
            return Ok(());
        }
        leave::remove_if_member(tx, &mut room, &self.guest, self.at).await?;
        tx.state(GuestRemoved {
            guest: self.guest.id,
        });
        Ok(())
    }
}

/// Ends a guest that is in no room, unless it is connected. The caller holds the guest's lock, so a
/// concurrent join comes either before and is seen here, or after and sees that the guest has ended.
async fn end_if_in_no_room(tx: &mut Writer<'_>, guest: UserId) -> Result<(), Fault> {
    if members::count_rooms(tx, guest).await? == 0 {
        directory::end_guest(tx, guest).await?;
    }
    Ok(())
}
