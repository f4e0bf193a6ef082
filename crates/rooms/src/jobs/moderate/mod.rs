//! `invite` `kick` `ban` `unban` `mute` `role`: a member acts on another person.

mod ban;
mod invite;
mod kick;
mod mute;
mod role;

use super::{ActingMember, Outcome, lock_as_member, refuse};
use crate::api::{Change, Done, Kind, Moderation, Refusal, Role, RoomKey, Seq};
use crate::log_writer::{Staged, permissions};
use crate::settings::Quotas;
use crate::store::lookups;
use crate::store::members::{self, MemberRecord};
use crate::store::rooms::Room;
use sessions::api::{User, directory};
use storage::prelude::*;

/// Moderates a person. The reason has been validated.
pub(crate) struct ModerateJob {
    pub(crate) actor: User,
    pub(crate) room: RoomKey,
    /// The person acted on: id or `@name`.
    pub(crate) user: String,
    pub(crate) what: Moderation,
    pub(crate) reason: Option<String>,
    pub(crate) quotas: Quotas,
    pub(crate) at: i64,
}

impl Job for ModerateJob {
    const NAME: &'static str = "rooms.moderate";
    type Answer = Done;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Done> {
        let acting = lock_as_member(tx, &self.room, self.actor.id).await?;
        let kind = acting.room.info.kind;
        if kind == Kind::Direct || acting.role < self.needed(kind) {
            return Err(refuse(Refusal::Forbidden));
        }
        acting.must_not_be_muted(self.at)?;
        let ActingMember { room, role, .. } = acting;
        let subject = directory::resolve(tx, &self.user).await?;
        let subject = subject.ok_or_else(|| refuse(Refusal::NoSuchUser))?;
        let membership = members::find(tx, room.info.id, subject.id).await?;
        let ctx = ModerationContext {
            job: self,
            room,
            actor_role: role,
            subject,
            membership,
        };
        match self.what {
            Moderation::Invite => invite::run(tx, ctx).await,
            Moderation::Kick => kick::run(tx, ctx).await,
            Moderation::Ban => ban::run(tx, ctx).await,
            Moderation::Unban => ban::lift(tx, ctx).await,
            Moderation::Mute { until_ms } => mute::run(tx, ctx, until_ms).await,
            Moderation::Role(role) => role::run(tx, ctx, role).await,
        }
    }
}

impl ModerateJob {
    /// Returns the lowest role that may do this.
    fn needed(&self, kind: Kind) -> Role {
        match (&self.what, kind) {
            (Moderation::Invite, Kind::Public) => Role::Member,
            (Moderation::Role(_), _) => Role::Owner,
            _ => Role::Moderator,
        }
    }
}

/// An action that the actor's role allows, and the person it concerns.
struct ModerationContext<'a> {
    job: &'a ModerateJob,
    room: Room,
    /// The actor's effective role.
    actor_role: Role,
    subject: User,
    /// The subject's membership, if any.
    membership: Option<MemberRecord>,
}

impl ModerationContext<'_> {
    fn reason(&self) -> Option<String> {
        self.job.reason.clone()
    }

    fn targets_self(&self) -> bool {
        self.subject.id == self.job.actor.id
    }

    /// Refuses acting on oneself or on someone of equal or higher role; owners may act on owners.
    async fn must_outrank(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        if self.targets_self() {
            return Err(refuse(Refusal::Forbidden));
        }
        let Some(membership) = &self.membership else {
            return Ok(());
        };
        let theirs =
            permissions::effective_role(tx, &self.room, self.subject.id, membership.role).await?;
        if self.actor_role < Role::Owner && theirs >= self.actor_role {
            return Err(refuse(Refusal::Forbidden));
        }
        Ok(())
    }

    /// Writes the entry that records this action.
    async fn write(&mut self, tx: &mut Writer<'_>, change: Change) -> Outcome<Done> {
        let mut staged = Staged::default();
        let ModerateJob { actor, at, .. } = self.job;
        let seq = staged.add(&mut self.room, actor, *at, change);
        staged.write(tx).await?;
        Ok(Done { seq, dup: false })
    }

    /// Answers a repeat with the last entry of these kinds about the subject, or 0 if there is none.
    async fn already_done(&self, tx: &mut Writer<'_>, kinds: &[i16]) -> Outcome<Done> {
        let last = lookups::last_about(tx, self.room.info.id, self.subject.id, kinds).await?;
        Ok(repeated(last.map_or(0, |(_, seq)| seq)))
    }
}

fn repeated(seq: Seq) -> Done {
    Done { seq, dup: true }
}
