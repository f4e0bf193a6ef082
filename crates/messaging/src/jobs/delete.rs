//! `delete`: by the author, even if muted, or by a moderator. The log writer removes the bodies from the
//! log.

use super::append::append_one;
use super::message_target::Target;
use crate::api::{Done, Refusal};
use crate::store::{reactions, states};
use rooms::api::log::{Append, Draft};
use rooms::api::{Role, RoomKey, Seq};
use sessions::api::User;
use storage::prelude::*;

/// Deletes a message for good.
pub(crate) struct DeleteJob {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) target: Seq,
    pub(crate) at: i64,
}

impl Job for DeleteJob {
    const NAME: &'static str = "messaging.delete";
    type Answer = Done;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Done, JobError<Refusal>> {
        let target = Target::visible_or_own(tx, &self.room, self.author.id, self.target).await?;
        if target.author != self.author.id && target.standing.role < Role::Moderator {
            return Err(JobError::Refused(Refusal::Forbidden));
        }
        if let Some(seq) = target.state.deleted_seq {
            return Ok(Done { seq, dup: true });
        }
        let seq = append_one(tx, self.draft()).await?.seq;
        states::set_deleted(tx, target.room(), self.target, seq).await?;
        reactions::remove_all(tx, target.room(), self.target).await?;
        Ok(Done { seq, dup: false })
    }
}

impl DeleteJob {
    fn draft(&self) -> Append<'_> {
        Append {
            room: &self.room,
            author: &self.author,
            at: self.at,
            what: Draft::Deleted {
                target: self.target,
            },
        }
    }
}
