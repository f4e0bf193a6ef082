//! `mute`: a member reads on and writes nothing until a moment comes, which may be past: unmuted.

use super::{Act, Outcome, refuse};
use crate::api::{Change, Done, Refusal};
use crate::store::{kinds, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, act: Act<'_>, until_ms: i64) -> Outcome<Done> {
    act.must_outrank(tx).await?;
    let Some(seat) = act.seat else {
        return Err(refuse(Refusal::NoSuchUser));
    };
    let now = act.moderating.at;
    let muted_until = seat.muted_until.filter(|until| *until > now);
    if until_ms > now {
        mute(tx, act, until_ms, muted_until).await
    } else {
        unmute(tx, act, muted_until).await
    }
}

async fn mute(
    tx: &mut Writer<'_>,
    mut act: Act<'_>,
    until_ms: i64,
    muted_until: Option<i64>,
) -> Outcome<Done> {
    if muted_until == Some(until_ms) {
        return act.stands(tx, &[kinds::MUTED]).await;
    }
    members::set_mute(tx, act.room.face.id, act.subject.id, Some(until_ms)).await?;
    let muted = Change::Muted {
        user: act.subject.clone(),
        until_ms,
        reason: act.reason(),
    };
    act.write(tx, muted).await
}

async fn unmute(tx: &mut Writer<'_>, mut act: Act<'_>, muted_until: Option<i64>) -> Outcome<Done> {
    if muted_until.is_none() {
        return act.stands(tx, &[kinds::UNMUTED]).await;
    }
    members::set_mute(tx, act.room.face.id, act.subject.id, None).await?;
    let unmuted = Change::Unmuted {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    act.write(tx, unmuted).await
}
