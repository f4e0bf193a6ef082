//! `link.create`: makes a link, by the right to invite.

use super::code::{cid_hash, code, code_hash};
use super::link;
use crate::api::{Kind, LinkCreated, Refusal, Role, RoomId, RoomKey};
use crate::jobs::{Outcome, lock_as_member, refuse};
use crate::store::links::{self, LinkRecord, NewLink};
use anyhow::Context as _;
use sessions::api::User;
use std::collections::HashMap;
use storage::prelude::*;

/// How long links that have ended count and are kept, so that a repeat finds them.
const ENDED_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// What is random in a link. Made before the job, since a job may run more than once.
pub(crate) struct LinkSeed {
    pub(crate) id: [u8; 16],
    pub(crate) nonce: [u8; 32],
}

/// Makes a link. `cid` and `uses` have been validated.
pub(crate) struct CreateLinkJob {
    pub(crate) maker: User,
    pub(crate) room: RoomKey,
    pub(crate) cid: String,
    pub(crate) uses: Option<i64>,
    pub(crate) until_ms: Option<i64>,
    pub(crate) seed: LinkSeed,
    pub(crate) links_max: usize,
    pub(crate) at: i64,
}

impl Job for CreateLinkJob {
    const NAME: &'static str = "rooms.create_link";
    const STATES: bool = false;
    type Answer = LinkCreated;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Outcome<LinkCreated> {
        let acting = lock_as_member(tx, &self.room, self.maker.id).await?;
        let info = &acting.room.info;
        let needed = match info.kind {
            Kind::Public => Role::Member,
            _ => Role::Moderator,
        };
        if info.kind == Kind::Direct || acting.role < needed {
            return Err(refuse(Refusal::Forbidden));
        }
        acting.must_not_be_muted(self.at)?;
        let cid_hash = cid_hash(&self.cid);
        if let Some(before) = links::by_cid(tx, info.id, self.maker.id, cid_hash).await? {
            return self.repeat(&before);
        }
        self.check(tx, info.id).await?;
        links::insert(tx, &self.new_link(info.id)).await?;
        let made = links::by_cid(tx, info.id, self.maker.id, cid_hash).await?;
        let made = made
            .context("cannot find the new link")
            .map_err(Fault::from)?;
        Ok(self.created(&made, false)?)
    }
}

impl CreateLinkJob {
    fn repeat(&self, before: &LinkRecord) -> Outcome<LinkCreated> {
        if (before.uses, before.until_ms) != (self.uses, self.until_ms) {
            return Err(refuse(Refusal::CidConflict));
        }
        Ok(self.created(before, true)?)
    }

    /// Refuses a link that would never work, and one too many. The number of rows of a room stays bounded,
    /// since those that ended long ago go first.
    async fn check(&self, tx: &mut Writer<'_>, room: RoomId) -> Outcome<()> {
        if self.until_ms.is_some_and(|until| until <= self.at) {
            return Err(refuse(Refusal::BadRequest {
                field: "until_ms",
                expected: "must be a time to come, in milliseconds since 1970",
            }));
        }
        links::forget_ended(tx, room, self.at - ENDED_KEPT_MS).await?;
        if links::of_room(tx, room).await?.len() >= self.links_max {
            return Err(refuse(Refusal::LimitReached { limit: "links_max" }));
        }
        Ok(())
    }

    fn new_link(&self, room: RoomId) -> NewLink<'_> {
        NewLink {
            id: &self.seed.id,
            room,
            by: self.maker.id,
            cid_hash: cid_hash(&self.cid),
            nonce: &self.seed.nonce,
            code_hash: code_hash(&code(&self.seed.nonce, &self.cid)),
            uses: self.uses,
            until_ms: self.until_ms,
            at: self.at,
        }
    }

    fn created(&self, record: &LinkRecord, dup: bool) -> Result<LinkCreated, Fault> {
        let maker = HashMap::from([(self.maker.id, self.maker.clone())]);
        Ok(LinkCreated {
            link: link(record, &maker)?,
            code: code(&record.nonce, &self.cid),
            dup,
        })
    }
}
