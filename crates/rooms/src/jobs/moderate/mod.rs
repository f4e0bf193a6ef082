//! `invite` `kick` `ban` `unban` `mute` `role`: one member acts on somebody.

mod ban;
mod invite;
mod kick;
mod mute;
mod role;

use super::{Outcome, Scene, enter, refuse};
use crate::api::{Change, Done, Kind, Moderation, Refusal, Role, RoomKey, Seq};
use crate::log_writer::{Staged, permissions};
use crate::settings::Quotas;
use crate::store::lookups;
use crate::store::members::{self, Member};
use crate::store::rooms::Room;
use sessions::api::{User, directory};
use storage::prelude::*;

/// One moderation. Its reason has been checked.
pub(crate) struct Moderating {
    pub(crate) actor: User,
    pub(crate) room: RoomKey,
    /// Id or `@name`.
    pub(crate) user: String,
    pub(crate) what: Moderation,
    pub(crate) reason: Option<String>,
    pub(crate) quotas: Quotas,
    pub(crate) at: i64,
}

impl Job for Moderating {
    const NAME: &'static str = "rooms.moderate";
    type Answer = Done;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<Done> {
        let scene = enter(tx, &self.room, self.actor.id).await?;
        let kind = scene.room.info.kind;
        if kind == Kind::Direct || scene.role < self.needed(kind) {
            return Err(refuse(Refusal::Forbidden));
        }
        scene.must_not_be_muted(self.at)?;
        let Scene { room, role, .. } = scene;
        let subject = directory::resolve(tx, &self.user).await?;
        let subject = subject.ok_or_else(|| refuse(Refusal::NoSuchUser))?;
        let seat = members::find(tx, room.info.id, subject.id).await?;
        let act = Act {
            moderating: self,
            room,
            role,
            subject,
            seat,
        };
        match self.what {
            Moderation::Invite => invite::run(tx, act).await,
            Moderation::Kick => kick::run(tx, act).await,
            Moderation::Ban => ban::run(tx, act).await,
            Moderation::Unban => ban::undo(tx, act).await,
            Moderation::Mute { until_ms } => mute::run(tx, act, until_ms).await,
            Moderation::Role(role) => role::run(tx, act, role).await,
        }
    }
}

impl Moderating {
    /// What one must be for it.
    fn needed(&self, kind: Kind) -> Role {
        match (&self.what, kind) {
            (Moderation::Invite, Kind::Public) => Role::Member,
            (Moderation::Role(_), _) => Role::Owner,
            _ => Role::Moderator,
        }
    }
}

/// A moderation that the actor may do to people of lower role.
struct Act<'a> {
    moderating: &'a Moderating,
    room: Room,
    /// The actor's.
    role: Role,
    subject: User,
    /// The subject's membership.
    seat: Option<Member>,
}

impl Act<'_> {
    fn reason(&self) -> Option<String> {
        self.moderating.reason.clone()
    }

    fn on_oneself(&self) -> bool {
        self.subject.id == self.moderating.actor.id
    }

    /// Refuses to act on oneself and on one of equal or higher role; an owner may act on owners.
    async fn must_outrank(&self, tx: &mut Writer<'_>) -> Outcome<()> {
        if self.on_oneself() {
            return Err(refuse(Refusal::Forbidden));
        }
        let Some(seat) = &self.seat else {
            return Ok(());
        };
        let theirs = permissions::of_member(tx, &self.room, self.subject.id, seat.role).await?;
        if self.role < Role::Owner && theirs >= self.role {
            return Err(refuse(Refusal::Forbidden));
        }
        Ok(())
    }

    /// Writes the one entry of this act.
    async fn write(&mut self, tx: &mut Writer<'_>, change: Change) -> Outcome<Done> {
        let mut staged = Staged::default();
        let Moderating { actor, at, .. } = self.moderating;
        let seq = staged.add(&mut self.room, actor, *at, change);
        staged.commit(tx).await?;
        Ok(Done { seq, dup: false })
    }

    /// It is so already: since the last entry of these kinds about the subject, or always.
    async fn stands(&self, tx: &mut Writer<'_>, kinds: &[i16]) -> Outcome<Done> {
        let last = lookups::last_about(tx, self.room.info.id, self.subject.id, kinds).await?;
        Ok(repeated(last.map_or(0, |(_, seq)| seq)))
    }
}

fn repeated(seq: Seq) -> Done {
    Done { seq, dup: true }
}
