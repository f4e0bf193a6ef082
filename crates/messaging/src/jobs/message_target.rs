//! The message that an edit, a deletion or a reaction is about.

use crate::api::Refusal;
use crate::store::states::{self, MessageState};
use rooms::api::log::{self, Standing};
use rooms::api::{Change, RoomId, RoomKey, Seq};
use sessions::api::UserId;
use storage::prelude::*;

/// A message and the actor's rights, both read under the room's lock.
pub(crate) struct Target {
    pub(crate) standing: Standing,
    pub(crate) author: UserId,
    pub(crate) state: MessageState,
    first_body: Option<String>,
    seq: Seq,
}

impl Target {
    /// Finds a message that the actor may read. Refuses non-members and messages out of sight.
    pub(crate) async fn visible(
        tx: &mut Writer<'_>,
        room: &RoomKey,
        actor: UserId,
        seq: Seq,
    ) -> Result<Self, JobError<Refusal>> {
        let target = Self::find(tx, room, actor, seq).await?;
        if seq < target.standing.visible_from {
            return Err(JobError::Refused(Refusal::NoSuchMessage));
        }
        Ok(target)
    }

    /// Finds a message that the actor may read, or wrote during an earlier membership.
    pub(crate) async fn visible_or_own(
        tx: &mut Writer<'_>,
        room: &RoomKey,
        actor: UserId,
        seq: Seq,
    ) -> Result<Self, JobError<Refusal>> {
        let target = Self::find(tx, room, actor, seq).await?;
        if seq < target.standing.visible_from && target.author != actor {
            return Err(JobError::Refused(Refusal::NoSuchMessage));
        }
        Ok(target)
    }

    async fn find(
        tx: &mut Writer<'_>,
        room: &RoomKey,
        actor: UserId,
        seq: Seq,
    ) -> Result<Self, JobError<Refusal>> {
        let standing = log::admit(tx, room, actor)
            .await?
            .map_err(JobError::Refused)?;
        let (author, first_body) = message(tx, standing.room.id, seq).await?;
        let state = states::of(tx, standing.room.id, seq).await?;
        Ok(Self {
            standing,
            author,
            state,
            first_body,
            seq,
        })
    }

    /// Refuses an actor who is muted.
    pub(crate) fn must_not_be_muted(&self, now: i64) -> Result<(), JobError<Refusal>> {
        match self.standing.muted_until {
            Some(until) if until > now => Err(JobError::Refused(Refusal::Muted)),
            _ => Ok(()),
        }
    }

    /// Returns the room's database id.
    pub(crate) fn room(&self) -> RoomId {
        self.standing.room.id
    }

    /// Refuses a deleted message.
    pub(crate) fn must_not_be_deleted(&self) -> Result<(), JobError<Refusal>> {
        match self.state.deleted_seq {
            Some(_) => Err(JobError::Refused(Refusal::NoSuchMessage)),
            None => Ok(()),
        }
    }

    /// Returns the message's current body and the entry that set it.
    pub(crate) async fn body(
        &self,
        tx: &mut Writer<'_>,
    ) -> Result<(Option<String>, Seq), JobError<Refusal>> {
        let Some(edited_seq) = self.state.edited_seq else {
            return Ok((self.first_body.clone(), self.seq));
        };
        let found = log::entries(tx, self.room(), &[edited_seq]).await?;
        let body = found.into_iter().find_map(|entry| match entry.change {
            Change::Edited { body, .. } => body,
            _ => None,
        });
        Ok((body, edited_seq))
    }
}

async fn message(
    tx: &mut Writer<'_>,
    room: RoomId,
    seq: Seq,
) -> Result<(UserId, Option<String>), JobError<Refusal>> {
    let found = log::entries(tx, room, &[seq]).await?.pop();
    match found.map(|entry| (entry.author.id, entry.change)) {
        Some((author, Change::Message { body, .. })) => Ok((author, body)),
        _ => Err(JobError::Refused(Refusal::NoSuchMessage)),
    }
}
