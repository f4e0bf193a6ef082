//! `edit`: by the author alone.

use super::append::append_one;
use super::target::Target;
use crate::api::{Done, Refusal};
use crate::store::states;
use rooms::api::log::{Append, Draft};
use rooms::api::{RoomKey, Seq};
use sessions::api::User;
use storage::prelude::*;

/// A new body; it has been checked.
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
        target.unmuted(self.at)?;
        target.undeleted()?;
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
        states::edited(tx, target.room(), self.target, seq).await?;
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
