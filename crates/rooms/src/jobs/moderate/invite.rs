//! `invite`: moderators invite into private rooms, every member into public ones.

use super::{ModerationContext, Outcome, refuse, repeated};
use crate::api::{Change, Done, Refusal, Role};
use crate::store::bans;
use crate::store::invitations::{self, Invitation};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut ctx: ModerationContext<'_>) -> Outcome<Done> {
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    let by = ctx.job.actor.id;
    if let Some(membership) = &ctx.membership {
        return Ok(repeated(membership.joined_seq));
    }
    if let Some(seq) = invitations::find(tx, room, user).await? {
        // An invitation by a moderator stays valid if the room becomes private.
        if ctx.actor_role >= Role::Moderator {
            invitations::set_inviter(tx, room, user, by).await?;
        }
        return Ok(repeated(seq));
    }
    // The ban must be lifted first.
    if bans::find(tx, room, user).await?.is_some() {
        return Err(refuse(Refusal::Forbidden));
    }
    check_quotas(tx, &ctx).await?;
    let invited = Change::Invited {
        user: ctx.subject.clone(),
        reason: ctx.reason(),
    };
    let Done { seq, dup } = ctx.write(tx, invited).await?;
    let by = Some(by);
    invitations::insert(tx, user, Invitation { room, seq, by }).await?;
    Ok(Done { seq, dup })
}

/// Refuses the invitation if the person has the maximum number pending, in total or from the actor.
async fn check_quotas(tx: &mut Writer<'_>, ctx: &ModerationContext<'_>) -> Outcome<()> {
    let quotas = &ctx.job.quotas;
    let (user, by) = (ctx.subject.id, ctx.job.actor.id);
    let pending = invitations::of(tx, user, quotas.invitations_max).await?;
    let from_actor = pending.iter().filter(|one| one.by == Some(by)).count();
    let limit = if pending.len() >= quotas.invitations_max {
        "invitations_max"
    } else if from_actor >= quotas.invitations_each_max {
        "invitations_each_max"
    } else {
        return Ok(());
    };
    Err(refuse(Refusal::LimitReached { limit }))
}
