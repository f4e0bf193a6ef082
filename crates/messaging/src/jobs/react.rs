//! `react`: adds or removes one reaction of one person.

use super::append::append_one;
use super::message_target::Target;
use crate::api::{Done, Refusal};
use crate::emoji::Emoji;
use crate::store::reactions::{self, ReactionKey};
use rooms::api::log::{Append, Draft};
use rooms::api::{RoomId, RoomKey, Seq};
use sessions::api::User;
use storage::prelude::*;

/// Adds or removes a reaction.
pub(crate) struct ReactJob {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) target: Seq,
    pub(crate) emoji: Emoji,
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
        target.must_not_be_muted(self.at)?;
        target.must_not_be_deleted()?;
        let composed = self.emoji.composed();
        let emoji = match &composed {
            Some(composed) if !self.is_stored(tx, target.room()).await? => composed,
            _ => &self.emoji,
        };
        let key = self.key(target.room(), emoji);
        let before = reactions::state(tx, &key).await?;
        if before.active == self.on {
            return Ok(Done {
                seq: before.entry_seq,
                dup: true,
            });
        }
        if self.on {
            self.check_kinds(tx, &key).await?;
        }
        let seq = append_one(tx, self.draft(emoji)).await?.seq;
        reactions::set(tx, &key, self.on, seq).await?;
        Ok(Done { seq, dup: false })
    }
}

impl ReactJob {
    fn key<'a>(&self, room: RoomId, emoji: &'a Emoji) -> ReactionKey<'a> {
        ReactionKey {
            room,
            seq: self.target,
            emoji: emoji.key(),
            user: self.author.id,
        }
    }

    /// Returns whether the author has ever given the reaction in just this form.
    async fn is_stored(&self, tx: &mut Writer<'_>, room: RoomId) -> Result<bool, Fault> {
        let state = reactions::state(tx, &self.key(room, &self.emoji)).await?;
        Ok(state.entry_seq != 0)
    }

    /// Refuses another kind of reaction if the message has the maximum; a kind that it has already is always
    /// allowed.
    async fn check_kinds(
        &self,
        tx: &mut Writer<'_>,
        key: &ReactionKey<'_>,
    ) -> Result<(), JobError<Refusal>> {
        let kinds = reactions::kinds(tx, key.room, key.seq).await?;
        if kinds.len() < self.kinds_max || kinds.iter().any(|kind| kind == key.emoji) {
            return Ok(());
        }
        Err(JobError::Refused(Refusal::LimitReached {
            limit: "reactions",
        }))
    }

    fn draft<'a>(&'a self, emoji: &'a Emoji) -> Append<'a> {
        Append {
            room: &self.room,
            author: &self.author,
            at: self.at,
            what: Draft::Reaction {
                target: self.target,
                emoji: emoji.text(),
                on: self.on,
            },
        }
    }
}
