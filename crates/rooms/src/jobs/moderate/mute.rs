//! `mute`: the person may read but not write until a given time; a time in the past unmutes. A mute
//! lasts through leaving and joining.

use super::{ModerationContext, Outcome, refuse, repeated};
use crate::api::{Change, Done, Refusal};
use crate::store::mutes::{self, Mute};
use crate::store::{kinds, lookups, members};
use storage::prelude::*;

pub(super) async fn run(
    tx: &mut Writer<'_>,
    ctx: ModerationContext<'_>,
    until_ms: i64,
) -> Outcome<Done> {
    ctx.must_outrank(tx).await?;
    let now = ctx.job.at;
    let active = mutes::find_active(tx, ctx.room.info.id, ctx.subject.id, now).await?;
    match active {
        Some(mute) if mute.until_ms == until_ms => Ok(repeated(mute.seq)),
        Some(_) if until_ms <= now => unmute(tx, ctx).await,
        None if until_ms <= now => unmuted_already(tx, &ctx).await,
        // A non-member can be kept out by a ban.
        None if ctx.membership.is_none() => Err(refuse(Refusal::NoSuchUser)),
        _ => mute(tx, ctx, until_ms).await,
    }
}

async fn mute(tx: &mut Writer<'_>, mut ctx: ModerationContext<'_>, until_ms: i64) -> Outcome<Done> {
    let muted = Change::Muted {
        user: ctx.subject.clone(),
        until_ms,
        reason: ctx.reason(),
    };
    let done = ctx.write(tx, muted).await?;
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    let seq = done.seq;
    mutes::upsert(tx, room, user, Mute { seq, until_ms }).await?;
    members::set_mute(tx, room, user, Some(until_ms)).await?;
    Ok(done)
}

async fn unmute(tx: &mut Writer<'_>, mut ctx: ModerationContext<'_>) -> Outcome<Done> {
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    mutes::remove(tx, room, user).await?;
    members::set_mute(tx, room, user, None).await?;
    let unmuted = Change::Unmuted {
        user: ctx.subject.clone(),
        reason: ctx.reason(),
    };
    ctx.write(tx, unmuted).await
}

/// Answers a repeated `unmute`. Refuses a non-member who was never unmuted in this room.
async fn unmuted_already(tx: &mut Writer<'_>, ctx: &ModerationContext<'_>) -> Outcome<Done> {
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    let last = lookups::last_about(tx, room, user, &[kinds::UNMUTED]).await?;
    match last {
        None if ctx.membership.is_none() => Err(refuse(Refusal::NoSuchUser)),
        last => Ok(repeated(last.map_or(0, |(_, seq)| seq))),
    }
}
