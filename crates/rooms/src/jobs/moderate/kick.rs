//! `kick`: out, and no longer invited; those whom the kicked had invited neither.

use super::{Act, Outcome};
use crate::api::{Change, Done};
use crate::store::{invitations, kinds, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut act: Act<'_>) -> Outcome<Done> {
    act.must_outrank(tx).await?;
    let (room, user) = (act.room.info.id, act.subject.id);
    let uninvited = invitations::remove(tx, room, user).await?;
    if act.seat.is_none() && !uninvited {
        return act
            .stands(tx, &[kinds::LEFT, kinds::KICKED, kinds::BANNED])
            .await;
    }
    members::remove(tx, room, user).await?;
    invitations::void_by(tx, room, user).await?;
    let kicked = Change::Kicked {
        user: act.subject.clone(),
        reason: act.reason(),
    };
    act.write(tx, kicked).await
}
