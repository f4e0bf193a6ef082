//! `kick` removes a person and revokes the invitations to and from them, and their links.

use super::{ModerationContext, Outcome};
use crate::api::{Change, Done};
use crate::store::{invitations, kinds, links, members};
use storage::prelude::*;

pub(super) async fn run(tx: &mut Writer<'_>, mut ctx: ModerationContext<'_>) -> Outcome<Done> {
    ctx.must_outrank(tx).await?;
    let (room, user) = (ctx.room.info.id, ctx.subject.id);
    let uninvited = invitations::remove(tx, room, user).await?;
    if ctx.membership.is_none() && !uninvited {
        return ctx
            .already_done(tx, &[kinds::LEFT, kinds::KICKED, kinds::BANNED])
            .await;
    }
    members::remove(tx, room, user).await?;
    invitations::remove_by(tx, room, user).await?;
    links::end_by(tx, room, user, ctx.job.at).await?;
    let kicked = Change::Kicked {
        user: ctx.subject.clone(),
        reason: ctx.reason(),
    };
    ctx.write(tx, kicked).await
}
