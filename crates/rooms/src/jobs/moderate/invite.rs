//! `invite`: moderators into private rooms, every member into public ones.

use super::{Act, Outcome, refuse, repeated};
use crate::api::{Change, Done, Refusal};
use crate::store::{bans, invitations};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut act: Act<'_>) -> Outcome<Done> {
    let (room, user) = (act.room.face.id, act.subject.id);
    if let Some(seat) = &act.seat {
        return Ok(repeated(seat.joined_seq));
    }
    if let Some(seq) = invitations::find(tx, room, user).await? {
        return Ok(repeated(seq));
    }
    // The ban has to be lifted first, by those who may.
    if bans::find(tx, room, user).await?.is_some() {
        return Err(refuse(Refusal::Forbidden));
    }
    let invited = Change::Invited {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    let done = act.write(tx, invited).await?;
    invitations::put(tx, room, user, done.seq).await?;
    Ok(done)
}
