//! `link.revoke`: ends a link.

use crate::api::{LinkId, LinkRevoked, Refusal, Role, RoomKey};
use crate::jobs::{Outcome, lock_as_member, refuse};
use crate::store::links;
use sessions::api::User;
use storage::prelude::*;

/// Ends a link, which its maker may, and whoever moderates the room.
pub(crate) struct RevokeLinkJob {
    pub(crate) actor: User,
    pub(crate) room: RoomKey,
    pub(crate) link: LinkId,
    pub(crate) at: i64,
}

impl Job for RevokeLinkJob {
    const NAME: &'static str = "rooms.revoke_link";
    const STATES: bool = false;
    type Answer = LinkRevoked;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<LinkRevoked> {
        let acting = lock_as_member(tx, &self.room, self.actor.id).await?;
        let found = links::find(tx, acting.room.info.id, &self.link.0).await?;
        let is_maker = |by| by == self.actor.id;
        let known = found.filter(|link| acting.role >= Role::Moderator || is_maker(link.by_id));
        let link = known.ok_or_else(|| refuse(Refusal::NoSuchLink))?;
        if !is_maker(link.by_id) {
            acting.must_not_be_muted(self.at)?;
        }
        let dup = !link.works(self.at);
        links::end(tx, &link.id, self.at).await?;
        Ok(LinkRevoked { dup })
    }
}
