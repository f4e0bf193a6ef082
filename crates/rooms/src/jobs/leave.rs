//! `leave`, which also declines an invitation, and what becomes of a room whose last owner leaves.

use super::{Outcome, lock, ownership, refuse};
use crate::api::{Change, Done, Refusal, Role, RoomKey, Seq};
use crate::log_writer::{Staged, permissions};
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::Room;
use crate::store::{invitations, kinds, lookups};
use sessions::api::User;
use storage::prelude::*;

/// Ends a membership by the member's own will.
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

/// One who is invited declines; no entry says so, as none said that they came. One who has declined
/// or left gets the entry of that; one who was put out, or never in, is an not_a_member.
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

/// Takes a member out with a `left` entry. The last owner hands the room on first.
pub(super) async fn remove_member(
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
    staged.commit(tx).await?;
    Ok(seq)
}
