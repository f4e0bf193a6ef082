//! Clean-up after people who have ended: deleted accounts and ended guests.

use super::{Outcome, leave, lock, ownership};
use crate::api::{Refusal, RoomId, RoomKey, catalogue};
use crate::log_writer::Staged;
use crate::store::rooms::Room;
use crate::store::{bans, invitations, links, members, mutes, owners, people, preferences};
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
    pub(crate) members: Vec<EndedMember>,
}

/// A membership of someone who has ended.
#[derive(Debug, Clone)]
pub(crate) struct EndedMember {
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    /// Whether the person leaves the room, instead of staying as a deleted account does.
    pub(crate) leaves: bool,
}

impl Event for EndedMembersFound {
    const NAME: &'static str = "rooms.people_left";
}

/// Removes the bans, invitations, links, mutes and preferences of ended people, and finds the memberships that must end.
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
        preferences::remove_of_users(tx, &users).await?;
        links::remove_of_users(tx, &users).await?;
        let members = members_to_end(tx, &users).await?;
        if !members.is_empty() {
            tx.state(EndedMembersFound { members });
        }
        Ok(())
    }
}

/// Returns the memberships to end: all of a guest and of a service account, which might go on writing
/// otherwise, and those of an account that may own the room. The other memberships of a deleted account
/// stay.
async fn members_to_end(tx: &mut Writer<'_>, users: &[UserId]) -> Result<Vec<EndedMember>, Fault> {
    let people = directory::by_id(tx, users).await?;
    let services = directory::services(tx, users).await?;
    let mut memberships = members::of_users(tx, users).await?;
    let leaves = |user: &User| user.guest || services.contains(&user.id);
    memberships.retain(|row| row.may_own || leaves(&people::named(&people, row.user)));
    let ids: Vec<RoomId> = memberships.iter().map(|row| row.room).collect();
    let keys = catalogue::keys(tx, &ids).await?;
    let ended = memberships.into_iter().filter_map(|row| {
        let user = people::named(&people, row.user);
        let (leaves, room) = (leaves(&user), keys.get(&row.room)?.clone());
        Some(EndedMember { user, room, leaves })
    });
    Ok(ended.collect())
}

/// Removes someone who has ended from a room, or passes a deleted account's room to another owner.
pub(crate) struct EndMembershipJob {
    pub(crate) member: EndedMember,
    pub(crate) at: i64,
}

impl Job for EndMembershipJob {
    const NAME: &'static str = "rooms.disown";
    type Answer = ();
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.member.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        let EndedMember { user, room, leaves } = &self.member;
        let mut room = lock(tx, room).await?;
        let id = room.info.id;
        if *leaves {
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
