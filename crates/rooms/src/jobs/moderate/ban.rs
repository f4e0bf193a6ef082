//! `ban`: out, no longer invited, and not to come back; `unban`: may come back.

use super::{Act, Outcome, repeated};
use crate::api::{Change, Done};
use crate::store::{bans, invitations, kinds, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut act: Act<'_>) -> Outcome<Done> {
    act.must_outrank(tx).await?;
    let (room, user) = (act.room.info.id, act.subject.id);
    if let Some(seq) = bans::find(tx, room, user).await? {
        return Ok(repeated(seq));
    }
    members::remove(tx, room, user).await?;
    invitations::remove(tx, room, user).await?;
    invitations::void_by(tx, room, user).await?;
    let banned = Change::Banned {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    let done = act.write(tx, banned).await?;
    bans::put(tx, room, user, done.seq).await?;
    Ok(done)
}

pub(super) async fn undo(tx: &mut Writer<'_>, mut act: Act<'_>) -> Outcome<Done> {
    if !bans::remove(tx, act.room.info.id, act.subject.id).await? {
        return act.stands(tx, &[kinds::UNBANNED]).await;
    }
    let unbanned = Change::Unbanned {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    act.write(tx, unbanned).await
}
