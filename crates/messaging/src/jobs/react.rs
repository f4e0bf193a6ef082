//! `react`: one person's reaction of one kind, set or taken back.

use super::append::append_one;
use super::target::Target;
use crate::api::{Done, Refusal};
use crate::store::reactions::{self, ReactionKey};
use rooms::api::log::{Append, Draft};
use rooms::api::{RoomId, RoomKey, Seq};
use sessions::api::User;
use storage::prelude::*;

/// A reaction; its emoji has been checked.
pub(crate) struct ReactJob {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) target: Seq,
    pub(crate) emoji: String,
    pub(crate) on: bool,
    pub(crate) kinds_max: usize,
    pub(crate) at: i64,
}

impl Job for ReactJob {
    const NAME: &'static str = "messaging.react";
    type Answer = Done;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Done, JobError<Refusal>> {
        let target = Target::visible(tx, &self.room, self.author.id, self.target).await?;
        target.unmuted(self.at)?;
        target.undeleted()?;
        let place = self.place(target.room());
        let before = reactions::state(tx, &place).await?;
        if before.active == self.on {
            return Ok(Done {
                seq: before.entry_seq,
                dup: true,
            });
        }
        if self.on {
            self.admit_kind(tx, &place).await?;
        }
        let seq = append_one(tx, self.draft()).await?.seq;
        reactions::set(tx, &place, self.on, seq).await?;
        Ok(Done { seq, dup: false })
    }
}

impl ReactJob {
    fn place(&self, room: RoomId) -> ReactionKey<'_> {
        ReactionKey {
            room,
            seq: self.target,
            emoji: &self.emoji,
            user: self.author.id,
        }
    }

    /// A kind that the message bears already is always welcome.
    async fn admit_kind(
        &self,
        tx: &mut Writer<'_>,
        place: &ReactionKey<'_>,
    ) -> Result<(), JobError<Refusal>> {
        let kinds = reactions::kinds(tx, place.room, place.seq).await?;
        if kinds.len() < self.kinds_max || kinds.iter().any(|kind| kind == place.emoji) {
            return Ok(());
        }
        Err(JobError::Refused(Refusal::LimitReached {
            limit: "reactions",
        }))
    }

    fn draft(&self) -> Append<'_> {
        Append {
            room: &self.room,
            author: &self.author,
            at: self.at,
            what: Draft::Reaction {
                target: self.target,
                emoji: &self.emoji,
                on: self.on,
            },
        }
    }
}
