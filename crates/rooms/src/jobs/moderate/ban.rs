//! `ban` removes a person, revokes the invitations to and from them and their links, and keeps them out; `unban` lets
//! them join again.

use super::{ModerationContext, Outcome, repeated};
use crate::api::{Change, Done};
use crate::store::{bans, invitations, kinds, links, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut ctx: ModerationContext<'_>) -> Outcome<Done> {
    ctx.must_outrank(tx).await?;
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    if let Some(seq) = bans::find(tx, room, user).await? {
        return Ok(repeated(seq));
    }
    members::remove(tx, room, user).await?;
    invitations::remove(tx, room, user).await?;
    invitations::remove_by(tx, room, user).await?;
    links::end_by(tx, room, user, ctx.job.at).await?;
    let banned = Change::Banned {
        user: ctx.subject.clone(),
        reason: ctx.reason(),
    };
    let done = ctx.write(tx, banned).await?;
    bans::insert(tx, room, user, done.seq).await?;
    Ok(done)
}

pub(super) async fn lift(tx: &mut Writer<'_>, mut ctx: ModerationContext<'_>) -> Outcome<Done> {
    if !bans::remove(tx, ctx.room.info.id, ctx.subject.id).await? {
        return ctx.already_done(tx, &[kinds::UNBANNED]).await;
    }
    let unbanned = Change::Unbanned {
        user: ctx.subject.clone(),
        reason: ctx.reason(),
    };
    ctx.write(tx, unbanned).await
}
