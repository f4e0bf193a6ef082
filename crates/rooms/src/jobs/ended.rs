//! Clean-up after people who have ended: deleted accounts and ended guests.

use super::{Outcome, leave, lock, ownership};
use crate::api::{Refusal, RoomId, RoomKey, catalogue};
use crate::log_writer::Staged;
use crate::store::rooms::Room;
use crate::store::{bans, invitations, members, mutes, owners, people};
use bus::Event;
use sessions::api::{User, UserId, directory};
use std::convert::Infallible;
use storage::prelude::*;

/// The maximum number of rows that one job removes from one table. The event comes again for these
/// people, and the next job finds the rest.
const ROWS_MAX: i64 = 1_000;

/// Ended people are still members of these rooms: one [`EndMembershipJob`] for each follows, in the
/// room's lane. Only rooms itself handles this event.
pub(crate) struct EndedMembersFound {
    pub(crate) members: Vec<(User, RoomKey)>,
}

impl Event for EndedMembersFound {
    const NAME: &'static str = "rooms.people_left";
}

/// Removes the bans, invitations and mutes of ended people, and finds the memberships that must end.
/// Nothing adds such rows meanwhile: every command refuses people who have ended.
pub(crate) struct ClearEndedJob {
    pub(crate) users: Vec<UserId>,
}

impl Job for ClearEndedJob {
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
        bans::remove_of_users(tx, &users, ROWS_MAX).await?;
        invitations::remove_of_users(tx, &users, ROWS_MAX).await?;
        mutes::remove_of_users(tx, &users, ROWS_MAX).await?;
        let members = members_to_end(tx, &users).await?;
        if !members.is_empty() {
            tx.state(EndedMembersFound { members });
        }
        Ok(())
    }
}

/// Returns the memberships to end: all of a guest, and those of an account that may own the room. The
/// other memberships of a deleted account stay.
async fn members_to_end(
    tx: &mut Writer<'_>,
    users: &[UserId],
) -> Result<Vec<(User, RoomKey)>, Fault> {
    let people = directory::by_id(tx, users).await?;
    let memberships = members::of_users(tx, users).await?;
    let to_end = memberships.into_iter().filter_map(|row| {
        let user = people::named(&people, row.user);
        (user.guest || row.may_own).then_some((user, row.room))
    });
    let to_end: Vec<(User, RoomId)> = to_end.collect();
    let ids: Vec<RoomId> = to_end.iter().map(|(_, room)| *room).collect();
    let keys = catalogue::keys(tx, &ids).await?;
    let members = to_end.into_iter();
    Ok(members
        .filter_map(|(user, room)| Some((user, keys.get(&room)?.clone())))
        .collect())
}

/// Removes an ended guest from a room, or passes a deleted account's room to another owner.
pub(crate) struct EndMembershipJob {
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) at: i64,
}

impl Job for EndMembershipJob {
    const NAME: &'static str = "rooms.disown";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        let mut room = lock(tx, &self.room).await?;
        let (id, user) = (room.info.id, &self.user);
        if user.guest {
            leave::remove_if_member(tx, &mut room, user, self.at).await?;
        } else if members::find(tx, id, user.id).await?.is_some() {
            owners::mark_ineligible(tx, id, &[user.id]).await?;
            assign_owner(tx, &mut room, Some(user), self.at).await?;
        }
        Ok(())
    }
}

/// Makes the next member in line the owner of a room without a living owner.
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
        assign_owner(tx, &mut room, None, self.at).await?;
        Ok(())
    }
}

async fn assign_owner(
    tx: &mut Writer<'_>,
    room: &mut Room,
    leaver: Option<&User>,
    at: i64,
) -> Result<(), Fault> {
    let mut staged = Staged::default();
    ownership::pass_ownership(tx, room, leaver, (&mut staged, at)).await?;
    staged.write(tx).await
}
