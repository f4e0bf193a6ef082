//! `invite`: moderators into private rooms, every member into public ones.

use super::{Act, Outcome, refuse, repeated};
use crate::api::{Change, Done, Refusal, Role};
use crate::store::bans;
use crate::store::invitations::{self, Invitation};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut act: Act<'_>) -> Outcome<Done> {
    let (room, user) = (act.room.info.id, act.subject.id);
    let by = act.moderating.actor.id;
    if let Some(seat) = &act.seat {
        return Ok(repeated(seat.joined_seq));
    }
    if let Some(seq) = invitations::find(tx, room, user).await? {
        // A moderator's word lasts when the room becomes private.
        if act.role >= Role::Moderator {
            invitations::adopt(tx, room, user, by).await?;
        }
        return Ok(repeated(seq));
    }
    // The ban has to be lifted first, by those who may.
    if bans::find(tx, room, user).await?.is_some() {
        return Err(refuse(Refusal::Forbidden));
    }
    one_more(tx, &act).await?;
    let invited = Change::Invited {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    let Done { seq, dup } = act.write(tx, invited).await?;
    let by = Some(by);
    invitations::put(tx, user, Invitation { room, seq, by }).await?;
    Ok(Done { seq, dup })
}

/// Refuses one more invitation to someone who has as many as may be, from all or from the actor.
async fn one_more(tx: &mut Writer<'_>, act: &Act<'_>) -> Outcome<()> {
    let quotas = &act.moderating.quotas;
    let (user, by) = (act.subject.id, act.moderating.actor.id);
    let waiting = invitations::of(tx, user, quotas.invitations_max).await?;
    let from_actor = waiting.iter().filter(|one| one.by == Some(by)).count();
    let limit = if waiting.len() >= quotas.invitations_max {
        "invitations_max"
    } else if from_actor >= quotas.invitations_each_max {
        "invitations_each_max"
    } else {
        return Ok(());
    };
    Err(refuse(Refusal::LimitReached { limit }))
}
