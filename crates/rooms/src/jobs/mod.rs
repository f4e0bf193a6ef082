//! What the commands do in their rooms' lanes. A refusal writes nothing.

mod answer_direct;
mod create;
mod direct;
mod ended;
mod forget;
mod forget_people;
mod general;
mod guests;
mod heirs;
mod join;
mod leave;
mod moderate;
mod person;
mod quotas;
mod update;

pub(crate) use answer_direct::AnsweringDirect;
pub(crate) use create::Create;
pub(crate) use direct::Direct;
pub(crate) use ended::{ClearEnded, Disown, PeopleLeft, Repair};
pub(crate) use forget::{ENTRIES_MAX, Forget, NoteAges};
pub(crate) use forget_people::ForgetPeople;
pub(crate) use general::CreateGeneral;
pub(crate) use guests::{Depart, EndGuest, GuestDeparted, GuestLeaving, PartGuest};
pub(crate) use join::Join;
pub(crate) use leave::Leave;
pub(crate) use moderate::Moderating;
pub(crate) use update::Update;

use crate::api::{Refusal, Role, RoomKey};
use crate::log_writer::permissions;
use crate::store::members::{self, Member};
use crate::store::rooms::{self, Room};
use sessions::api::UserId;
use storage::prelude::*;

/// How a job ends.
type Outcome<T> = Result<T, JobError<Refusal>>;

fn refuse(refusal: Refusal) -> JobError<Refusal> {
    JobError::Refused(refusal)
}

/// Locks a room.
async fn lock(tx: &mut Writer<'_>, key: &RoomKey) -> Outcome<Room> {
    let room = rooms::lock_one(tx, key).await?;
    room.ok_or_else(|| refuse(Refusal::NoSuchRoom))
}

/// A room under lock, and the member of it who acts.
struct Scene {
    room: Room,
    member: Member,
    /// With what a server administrator is besides.
    role: Role,
}

/// Locks a room for one of its members.
async fn enter(tx: &mut Writer<'_>, key: &RoomKey, actor: UserId) -> Outcome<Scene> {
    let room = lock(tx, key).await?;
    let Some(member) = members::find(tx, room.info.id, actor).await? else {
        return Err(refuse(permissions::outsider(&room)));
    };
    let role = permissions::of_member(tx, &room, actor, member.role).await?;
    Ok(Scene { room, member, role })
}

impl Scene {
    /// Refuses someone who is muted at this time: texts of any sort reach everyone.
    fn must_not_be_muted(&self, now: i64) -> Outcome<()> {
        if self.member.muted_until.is_some_and(|until| until > now) {
            return Err(refuse(Refusal::Muted));
        }
        Ok(())
    }
}
