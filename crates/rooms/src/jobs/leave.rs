//! `leave`, which also declines an invitation, and the removal of members.

use super::{Outcome, lock, ownership, refuse};
use crate::api::{Change, Done, Refusal, Role, RoomKey, Seq};
use crate::log_writer::{Staged, permissions};
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::Room;
use crate::store::{invitations, kinds, lookups};
use sessions::api::User;
use storage::prelude::*;

/// Ends a membership at the member's own request.
pub(crate) struct LeaveJob {
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) at: i64,
}

impl Job for LeaveJob {
    const NAME: &'static str = "rooms.leave";
    type Answer = Done;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Done> {
        let mut room = lock(tx, &self.room).await?;
        let Some(member) = members::find(tx, room.info.id, self.user.id).await? else {
            return leave_as_non_member(tx, &room, &self.user).await;
        };
        let seq = remove_member(tx, &mut room, &self.user, &member, self.at).await?;
        Ok(Done { seq, dup: false })
    }
}

/// Answers `leave` by a non-member. An invited person declines, which writes no entry. Someone who
/// declined or left before gets the entry of that invitation or leaving. Someone who was removed, or
/// was never a member, is refused.
async fn leave_as_non_member(tx: &mut Writer<'_>, room: &Room, user: &User) -> Outcome<Done> {
    let id = room.info.id;
    if let Some(seq) = invitations::find(tx, id, user.id).await? {
        invitations::remove(tx, id, user.id).await?;
        return Ok(Done { seq, dup: false });
    }
    let ends = [kinds::LEFT, kinds::INVITED, kinds::KICKED, kinds::BANNED];
    match lookups::last_about(tx, id, user.id, &ends).await? {
        Some((kinds::LEFT | kinds::INVITED, seq)) => Ok(Done { seq, dup: true }),
        _ => Err(refuse(permissions::not_a_member(room))),
    }
}

/// Removes a member with a `left` entry. If the last owner leaves, another member becomes owner
/// first.
async fn remove_member(
    tx: &mut Writer<'_>,
    room: &mut Room,
    user: &User,
    member: &MemberRecord,
    at: i64,
) -> Result<Seq, Fault> {
    let id = room.info.id;
    let mut staged = Staged::default();
    if member.role == Role::Owner {
        ownership::pass_ownership(tx, room, Some(user), (&mut staged, at)).await?;
    }
    members::remove(tx, id, user.id).await?;
    let seq = staged.add(room, user, at, Change::Left);
    staged.write(tx).await?;
    Ok(seq)
}

/// Removes someone from a locked room with a `left` entry, if they are a member of it.
pub(super) async fn remove_if_member(
    tx: &mut Writer<'_>,
    room: &mut Room,
    user: &User,
    at: i64,
) -> Result<(), Fault> {
    if let Some(member) = members::find(tx, room.info.id, user.id).await? {
        remove_member(tx, room, user, &member, at).await?;
    }
    Ok(())
}
