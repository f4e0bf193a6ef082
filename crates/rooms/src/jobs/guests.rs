//! Guests end with their last room. Joining a room and ending a guest exclude each other: both
//! take the guest's own lock first, after the room's.

use super::{Outcome, leave, lock, refuse};
use crate::api::{Refusal, RoomKey};
use crate::store::{members, rooms};
use bus::Event;
use sessions::api::{Online, User, UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;
use storage::{Backend, Connection};

/// A guest's way out of its rooms has been found: one job for each room follows, in that room's
/// lane. Rooms tells it to itself only.
pub(crate) struct GuestLeaving {
    pub(crate) user: User,
    pub(crate) rooms: Vec<RoomKey>,
}

impl Event for GuestLeaving {
    const NAME: &'static str = "rooms.guest_leaving";
}

/// Ends a guest who is offline and in no room.
pub(crate) struct EndGuest {
    pub(crate) guest: UserId,
    pub(crate) online: Online,
}

impl Job for EndGuest {
    const NAME: &'static str = "rooms.end_guest";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        lane(self.guest)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        if !self.online.contains(self.guest) {
            end_if_homeless(tx, self.guest).await?;
        }
        Ok(())
    }
}

/// Finds the rooms that an expired guest has to leave, or ends it if there are none.
pub(crate) struct PartGuest {
    pub(crate) guest: User,
}

impl Job for PartGuest {
    const NAME: &'static str = "rooms.part_guest";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        lane(self.guest.id)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let places = members::places(tx, &[self.guest.id]).await?;
        if places.is_empty() {
            end_if_homeless(tx, self.guest.id).await?;
            return Ok(());
        }
        let ids = places.iter().map(|place| place.room).collect();
        let rooms = rooms::by_ids(tx, &ids).await?;
        tx.state(GuestLeaving {
            user: self.guest.clone(),
            rooms: rooms
                .into_values()
                .map(|room| room.face.key.clone())
                .collect(),
        });
        Ok(())
    }
}

/// Takes an expired guest out of one room, and ends it if that was the last one. After a crash
/// between two rooms the guest is still there, unseen as before, and found again. One who has come
/// back meanwhile stays.
pub(crate) struct Depart {
    pub(crate) guest: User,
    pub(crate) room: RoomKey,
    pub(crate) online: Online,
    pub(crate) at: i64,
}

impl Job for Depart {
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
        hold(tx, self.guest.id).await?;
        let guest = &self.guest;
        if let Some(member) = members::find(tx, room.face.id, guest.id).await? {
            leave::depart(tx, &mut room, guest, &member, self.at).await?;
        }
        end_if_homeless(tx, guest.id).await?;
        Ok(())
    }
}

/// Refuses a guest who has ended in the meantime; holds on to one who has not.
pub(super) async fn only_living(tx: &mut Writer<'_>, user: &User) -> Outcome<()> {
    if !user.guest {
        return Ok(());
    }
    hold(tx, user.id).await?;
    let living = directory::resolve(tx, &user.id.to_string()).await?;
    living
        .map(|_| ())
        .ok_or_else(|| refuse(Refusal::NoSuchUser))
}

async fn end_if_homeless(tx: &mut Writer<'_>, guest: UserId) -> Result<(), Fault> {
    hold(tx, guest).await?;
    if members::count_of(tx, guest).await? == 0 {
        directory::end_guest(tx, guest).await?;
    }
    Ok(())
}

/// The guest's own lock, until the transaction ends. On SQLite there is one writer anyway.
async fn hold(tx: &mut Writer<'_>, guest: UserId) -> Result<(), Fault> {
    if tx.backend() == Backend::Sqlite {
        return Ok(());
    }
    if let Connection::Postgres(c) = tx.writable() {
        use diesel_async::RunQueryDsl as _;
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(lock_number(guest))
            .execute(c)
            .await?;
    }
    Ok(())
}

/// The last eight bytes of an id are random.
fn lock_number(guest: UserId) -> i64 {
    let mut last = [0; 8];
    last.copy_from_slice(&guest.0[8..]);
    i64::from_be_bytes(last)
}

fn lane(guest: UserId) -> LaneKey {
    LaneKey(lock_number(guest).cast_unsigned())
}
