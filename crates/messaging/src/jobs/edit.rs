//! `edit`: only by the author.

use super::append::append_one;
use super::message_target::Target;
use crate::api::{Done, Refusal};
use crate::store::states;
use rooms::api::log::{Append, Draft};
use rooms::api::{RoomKey, Seq};
use sessions::api::User;
use storage::prelude::*;

/// Gives a message a new body, which has been validated.
pub(crate) struct EditJob {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) target: Seq,
    pub(crate) body: String,
    pub(crate) at: i64,
}

impl Job for EditJob {
    const NAME: &'static str = "messaging.edit";
    type Answer = Done;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Done, JobError<Refusal>> {
        let target = Target::visible(tx, &self.room, self.author.id, self.target).await?;
        target.must_not_be_muted(self.at)?;
        target.must_not_be_deleted()?;
        if target.author != self.author.id {
            return Err(JobError::Refused(Refusal::Forbidden));
        }
        let (body, since) = target.body(tx).await?;
        if body.as_deref() == Some(self.body.as_str()) {
            return Ok(Done {
                seq: since,
                dup: true,
            });
        }
        let seq = append_one(tx, self.draft()).await?.seq;
        states::set_edited(tx, target.room(), self.target, seq).await?;
        Ok(Done { seq, dup: false })
    }
}

impl EditJob {
    fn draft(&self) -> Append<'_> {
        Append {
            room: &self.room,
            author: &self.author,
            at: self.at,
            what: Draft::Edited {
                target: self.target,
                body: &self.body,
            },
        }
    }
}
