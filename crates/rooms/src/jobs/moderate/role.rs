//! `role`: owners appoint and dismiss moderators and other owners.

use super::{ModerationContext, Outcome, refuse, repeated};
use crate::api::{Change, Done, Kind, Refusal, Role};
use crate::jobs::ownership;
use crate::store::{invitations, kinds, links, lookups, members};
use storage::prelude::*;

pub(super) async fn run(
    tx: &mut Writer<'_>,
    mut ctx: ModerationContext<'_>,
    role: Role,
) -> Outcome<Done> {
    let Some(membership) = ctx.membership else {
        return Err(refuse(Refusal::NoSuchUser));
    };
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    if membership.role == role {
        // The entry that gave the role since the last joining, or that joining.
        let last = lookups::last_about(tx, room, user, &[kinds::ROLE]).await?;
        let given = last.map_or(0, |(_, seq)| seq);
        return Ok(repeated(given.max(membership.joined_seq)));
    }
    if ctx.subject.guest && role > Role::Member {
        return Err(refuse(Refusal::NotAllowedForGuests));
    }
    // The only owner cannot step down.
    if ctx.targets_self() && !ownership::has_other_owner(tx, room, Some(user)).await? {
        return Err(refuse(Refusal::Forbidden));
    }
    members::set_role(tx, room, user, role).await?;
    if role < Role::Moderator && ctx.room.info.kind == Kind::Private {
        invitations::remove_by(tx, room, user).await?;
        links::end_by(tx, room, user, ctx.job.at).await?;
    }
    let changed = Change::Role {
        user: ctx.subject.clone(),
        role,
        reason: ctx.reason(),
    };
    ctx.write(tx, changed).await
}
