//! The write jobs, most of them in their room's lane. A refused job writes nothing.

mod answer_direct;
mod create;
mod create_general;
mod ended;
mod forget_entries;
mod forget_people;
mod guests;
mod join;
mod leave;
pub(crate) mod links;
mod moderate;
mod open_direct;
mod ownership;
mod person;
mod quotas;
mod set_preferences;
mod update;
mod upgraded;

pub(crate) use answer_direct::AnswerDirectJob;
pub(crate) use create::CreateJob;
pub(crate) use create_general::CreateGeneralJob;
pub(crate) use ended::{AssignOwnerJob, ClearEndedJob, EndMembershipJob, EndedMembersFound};
pub(crate) use forget_entries::{ENTRIES_MAX, ForgetEntriesJob, RecordAgesJob};
pub(crate) use forget_people::ForgetPeopleJob;
pub(crate) use guests::{
    EndGuestJob, ExpireGuestJob, GuestRemoved, GuestRoomsFound, RemoveGuestJob,
};
pub(crate) use join::JoinJob;
pub(crate) use leave::LeaveJob;
pub(crate) use links::{CreateLinkJob, RevokeLinkJob};
pub(crate) use moderate::ModerateJob;
pub(crate) use open_direct::OpenDirectJob;
pub(crate) use set_preferences::SetPreferencesJob;
pub(crate) use update::UpdateJob;
pub(crate) use upgraded::MarkEligibleJob;

use crate::api::{Refusal, Role, RoomKey};
use crate::log_writer::permissions;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::{self, Room};
use sessions::api::UserId;
use storage::prelude::*;

/// The result of a job or of a step of it.
type Outcome<T> = Result<T, JobError<Refusal>>;

fn refuse(refusal: Refusal) -> JobError<Refusal> {
    JobError::Refused(refusal)
}

/// Locks a room until the transaction ends, or refuses with `NoSuchRoom`.
async fn lock(tx: &mut Writer<'_>, key: &RoomKey) -> Outcome<Room> {
    let room = rooms::lock_one(tx, key).await?;
    room.ok_or_else(|| refuse(Refusal::NoSuchRoom))
}

/// A locked room and the member who acts in it.
struct ActingMember {
    room: Room,
    member: MemberRecord,
    /// The effective role, including the rights of a server administrator.
    role: Role,
}

/// Locks a room for one of its members; refuses non-members.
async fn lock_as_member(
    tx: &mut Writer<'_>,
    key: &RoomKey,
    actor: UserId,
) -> Outcome<ActingMember> {
    let room = lock(tx, key).await?;
    let Some(member) = members::find(tx, room.info.id, actor).await? else {
        return Err(refuse(permissions::not_a_member(&room)));
    };
    let role = permissions::effective_role(tx, &room, actor, member.role).await?;
    Ok(ActingMember { room, member, role })
}

impl ActingMember {
    /// Refuses a muted member: reasons, titles and topics are texts that reach everyone.
    fn must_not_be_muted(&self, now: i64) -> Outcome<()> {
        if self.member.muted_until.is_some_and(|until| until > now) {
            return Err(refuse(Refusal::Muted));
        }
        Ok(())
    }
}
