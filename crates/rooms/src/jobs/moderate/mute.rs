//! `mute`: someone reads on and writes nothing until a moment comes, which may be past: unmuted. It
//! lasts whether they stay or leave meanwhile.

use super::{Act, Outcome, refuse, repeated};
use crate::api::{Change, Done, Refusal};
use crate::store::mutes::{self, Mute};
use crate::store::{kinds, lookups, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, act: Act<'_>, until_ms: i64) -> Outcome<Done> {
    act.must_outrank(tx).await?;
    let now = act.moderating.at;
    let lasting = mutes::lasting(tx, act.room.info.id, act.subject.id, now).await?;
    match lasting {
        Some(mute) if mute.until_ms == until_ms => Ok(repeated(mute.seq)),
        Some(_) if until_ms <= now => unmute(tx, act).await,
        None if until_ms <= now => unmuted_already(tx, &act).await,
        // Whoever is not here can be kept out by a ban.
        None if act.seat.is_none() => Err(refuse(Refusal::NoSuchUser)),
        _ => mute(tx, act, until_ms).await,
    }
}

async fn mute(tx: &mut Writer<'_>, mut act: Act<'_>, until_ms: i64) -> Outcome<Done> {
    let muted = Change::Muted {
        user: act.subject.clone(),
        until_ms,
        reason: act.reason(),
    };
    let done = act.write(tx, muted).await?;
    let (room, user) = (act.room.info.id, act.subject.id);
    let seq = done.seq;
    mutes::put(tx, room, user, Mute { seq, until_ms }).await?;
    members::set_mute(tx, room, user, Some(until_ms)).await?;
    Ok(done)
}

async fn unmute(tx: &mut Writer<'_>, mut act: Act<'_>) -> Outcome<Done> {
    let (room, user) = (act.room.info.id, act.subject.id);
    mutes::remove(tx, room, user).await?;
    members::set_mute(tx, room, user, None).await?;
    let unmuted = Change::Unmuted {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    act.write(tx, unmuted).await
}

/// A repeat; of one who is neither a member nor was ever unmuted nothing is known here.
async fn unmuted_already(tx: &mut Writer<'_>, act: &Act<'_>) -> Outcome<Done> {
    let (room, user) = (act.room.info.id, act.subject.id);
    let last = lookups::last_about(tx, room, user, &[kinds::UNMUTED]).await?;
    match last {
        None if act.seat.is_none() => Err(refuse(Refusal::NoSuchUser)),
        last => Ok(repeated(last.map_or(0, |(_, seq)| seq))),
    }
}
