//! What becomes of memberships, bans, invitations and mutes of people who are over.

use super::{Outcome, leave, lock, ownership};
use crate::api::{Refusal, RoomKey};
use crate::log_writer::Staged;
use crate::store::{bans, invitations, members, mutes, owners, people, rooms};
use bus::Event;
use sessions::api::{User, UserId, directory};
use std::collections::HashSet;
use std::convert::Infallible;
use storage::prelude::*;

/// The most rows of one table that one job removes: what it leaves, the next statement of the same
/// people finds.
const ROWS_MAX: i64 = 1_000;

/// Rooms that people who are over are still in: one job for each follows, in the room's lane. Rooms
/// tells it to itself only.
pub(crate) struct EndedMembersFound {
    pub(crate) places: Vec<(User, RoomKey)>,
}

impl Event for EndedMembersFound {
    const NAME: &'static str = "rooms.people_left";
}

/// Removes the bans, invitations and mutes of people who are over, and finds the rooms in which they still
/// stand for something. Nobody else touches those rows: whoever acts on a person asks whether it is
/// living.
pub(crate) struct CleanUpEndedJob {
    pub(crate) users: Vec<UserId>,
}

impl Job for CleanUpEndedJob {
    const NAME: &'static str = "rooms.clear_ended";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        directory::LANE
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        let living = directory::living(tx, &self.users).await?;
        let users = self.users.iter().filter(|user| !living.contains(user));
        let users: Vec<UserId> = users.copied().collect();
        bans::remove_of(tx, &users, ROWS_MAX).await?;
        invitations::remove_of(tx, &users, ROWS_MAX).await?;
        mutes::remove_of(tx, &users, ROWS_MAX).await?;
        let places = places(tx, &users).await?;
        if !places.is_empty() {
            tx.state(EndedMembersFound { places });
        }
        Ok(())
    }
}

/// Guests leave every room; accounts stay, and are looked at where they might own it.
async fn places(tx: &mut Writer<'_>, users: &[UserId]) -> Result<Vec<(User, RoomKey)>, Fault> {
    let people = directory::by_id(tx, users).await?;
    let places = members::of_users(tx, users).await?;
    let open = places.into_iter().filter_map(|place| {
        let user = people::named(&people, place.user);
        (user.guest || place.may_own).then_some((user, place.room))
    });
    let open: Vec<_> = open.collect();
    let ids: HashSet<_> = open.iter().map(|(_, room)| *room).collect();
    let rooms = rooms::by_ids(tx, &ids).await?;
    let keyed = open.into_iter().filter_map(|(user, room)| {
        let key = rooms.get(&room)?.info.key.clone();
        Some((user, key))
    });
    Ok(keyed.collect())
}

/// Takes a guest who is over out of a room; passes the room of an account that is over on.
pub(crate) struct EndMemberJob {
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) at: i64,
}

impl Job for EndMemberJob {
    const NAME: &'static str = "rooms.disown";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        let mut room = lock(tx, &self.room).await?;
        let (id, user) = (room.info.id, &self.user);
        let Some(member) = members::find(tx, id, user.id).await? else {
            return Ok(());
        };
        if user.guest {
            leave::remove_member(tx, &mut room, user, &member, self.at).await?;
            return Ok(());
        }
        owners::mark_ineligible(tx, id, &[user.id]).await?;
        let mut staged = Staged::default();
        ownership::pass_ownership(tx, &mut room, Some(user), (&mut staged, self.at)).await?;
        staged.commit(tx).await?;
        Ok(())
    }
}

/// Gives a room that nobody owns to whoever is next in line.
pub(crate) struct AssignOwnerJob {
    pub(crate) room: RoomKey,
    pub(crate) at: i64,
}

impl Job for AssignOwnerJob {
    const NAME: &'static str = "rooms.repair";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        let mut room = lock(tx, &self.room).await?;
        let mut staged = Staged::default();
        ownership::pass_ownership(tx, &mut room, None, (&mut staged, self.at)).await?;
        staged.commit(tx).await?;
        Ok(())
    }
}
