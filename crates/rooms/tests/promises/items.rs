//! Batches of appends with owned contents, and a job that appends one.

use crate::server::now;
use rooms::api::log::{self, Append, Appended, Draft};
use rooms::api::{Refusal, RoomKey, Seq};
use sessions::api::{Caller, User};
use storage::prelude::*;

/// An [`Append`] with owned contents.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) what: OwnedDraft,
}

#[derive(Clone)]
pub(crate) enum OwnedDraft {
    Message {
        cid: String,
        body: String,
        reply_to: Option<Seq>,
    },
    Edit(Seq, String),
    Delete(Seq),
    React(Seq, String),
}

pub(crate) fn item(who: &Caller, room: &RoomKey, what: OwnedDraft) -> Item {
    Item {
        author: who.user.clone(),
        room: room.clone(),
        what,
    }
}

pub(crate) fn message(cid: &str, body: &str) -> OwnedDraft {
    OwnedDraft::Message {
        cid: cid.to_owned(),
        body: body.to_owned(),
        reply_to: None,
    }
}

pub(crate) fn reply(cid: &str, body: &str, reply_to: Seq) -> OwnedDraft {
    OwnedDraft::Message {
        cid: cid.to_owned(),
        body: body.to_owned(),
        reply_to: Some(reply_to),
    }
}

impl Item {
    fn append(&self) -> Append<'_> {
        let what = match &self.what {
            OwnedDraft::Message {
                cid,
                body,
                reply_to,
            } => Draft::Message {
                cid,
                body,
                reply_to: *reply_to,
            },
            OwnedDraft::Edit(target, body) => Draft::Edited {
                target: *target,
                body,
            },
            OwnedDraft::Delete(target) => Draft::Deleted { target: *target },
            OwnedDraft::React(target, emoji) => Draft::Reaction {
                target: *target,
                emoji,
                on: true,
            },
        };
        Append {
            room: &self.room,
            author: &self.author,
            at: now(),
            what,
        }
    }
}

/// Appends a batch in one transaction.
pub(crate) struct AppendJob(pub(crate) Vec<Item>);

impl Job for AppendJob {
    const NAME: &'static str = "test.run";
    type Answer = Vec<Result<Appended, Refusal>>;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.0[0].room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Self::Answer, JobError<Refusal>> {
        let items: Vec<Append<'_>> = self.0.iter().map(Item::append).collect();
        Ok(log::append(tx, &items).await?)
    }
}
