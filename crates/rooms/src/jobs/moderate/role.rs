//! `role`: owners make moderators and further owners, and unmake them.

use super::{Act, Outcome, refuse, repeated};
use crate::api::{Change, Done, Kind, Refusal, Role};
use crate::jobs::heirs;
use crate::store::{invitations, kinds, lookups, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut act: Act<'_>, role: Role) -> Outcome<Done> {
    let Some(seat) = act.seat else {
        return Err(refuse(Refusal::NoSuchUser));
    };
    let (room, user) = (act.room.info.id, act.subject.id);
    if seat.role == role {
        // Since it was given, within this stay, or since joining.
        let last = lookups::last_about(tx, room, user, &[kinds::ROLE]).await?;
        let given = last.map_or(0, |(_, seq)| seq);
        return Ok(repeated(given.max(seat.joined_seq)));
    }
    if act.subject.guest && role > Role::Member {
        return Err(refuse(Refusal::NotAllowedForGuests));
    }
    // A room is left to somebody, not to nobody.
    if act.on_oneself() && !heirs::is_owned_besides(tx, room, Some(user)).await? {
        return Err(refuse(Refusal::Forbidden));
    }
    members::set_role(tx, room, user, role).await?;
    if role < Role::Moderator && act.room.info.kind == Kind::Private {
        invitations::void_by(tx, room, user).await?;
    }
    let changed = Change::Role {
        user: act.subject.clone(),
        role,
        reason: act.reason(),
    };
    act.write(tx, changed).await
}
