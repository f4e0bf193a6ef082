//! `send`: adjacent jobs of a batch are appended together, whatever their rooms.

use super::append::append_one;
use crate::api::{Refusal, Sent};
use rooms::api::log::{self, Append, Appended, Draft};
use rooms::api::{RoomKey, Seq};
use sessions::api::User;
use storage::prelude::*;

/// Stores a message. Its texts have been validated.
pub(crate) struct SendJob {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) cid: String,
    pub(crate) body: String,
    pub(crate) reply_to: Option<Seq>,
    pub(crate) at: i64,
}

impl Job for SendJob {
    const NAME: &'static str = "messaging.send";
    type Answer = Sent;
    type Refusal = Refusal;
    const SET: bool = true;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Sent, JobError<Refusal>> {
        let appended = append_one(tx, self.draft()).await?;
        Ok(sent(&appended))
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<Sent, Refusal>>, Fault> {
        let items: Vec<Append<'_>> = jobs.iter().map(|job| job.draft()).collect();
        let outcomes = log::append(tx, &items).await?;
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.map(|appended| sent(&appended)))
            .collect())
    }
}

impl SendJob {
    fn draft(&self) -> Append<'_> {
        Append {
            room: &self.room,
            author: &self.author,
            at: self.at,
            what: Draft::Message {
                cid: &self.cid,
                body: &self.body,
                reply_to: self.reply_to,
            },
        }
    }
}

fn sent(appended: &Appended) -> Sent {
    Sent {
        id: appended.id(),
        seq: appended.seq,
        at: appended.at,
        dup: appended.dup,
    }
}
