//! What people write into the log, owned, and a run of it as one job.

use crate::server::now;
use rooms::api::log::{self, Append, Appended, Draft};
use rooms::api::{Refusal, RoomKey, Seq};
use sessions::api::{Caller, User};
use storage::prelude::*;

/// One item of a run, owned.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) author: User,
    pub(crate) room: RoomKey,
    pub(crate) what: What,
}

#[derive(Clone)]
pub(crate) enum What {
    Say {
        cid: String,
        body: String,
        reply_to: Option<Seq>,
    },
    Edit(Seq, String),
    Delete(Seq),
    React(Seq, String),
}

pub(crate) fn line(who: &Caller, room: &RoomKey, what: What) -> Line {
    Line {
        author: who.user.clone(),
        room: room.clone(),
        what,
    }
}

pub(crate) fn say(cid: &str, body: &str) -> What {
    What::Say {
        cid: cid.to_owned(),
        body: body.to_owned(),
        reply_to: None,
    }
}

pub(crate) fn answer(cid: &str, body: &str, reply_to: Seq) -> What {
    What::Say {
        cid: cid.to_owned(),
        body: body.to_owned(),
        reply_to: Some(reply_to),
    }
}

impl Line {
    fn append(&self) -> Append<'_> {
        let what = match &self.what {
            What::Say {
                cid,
                body,
                reply_to,
            } => Draft::Message {
                cid,
                body,
                reply_to: *reply_to,
            },
            What::Edit(target, body) => Draft::Edited {
                target: *target,
                body,
            },
            What::Delete(target) => Draft::Deleted { target: *target },
            What::React(target, emoji) => Draft::Reaction {
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

/// A run as one job.
pub(crate) struct Run(pub(crate) Vec<Line>);

impl Job for Run {
    const NAME: &'static str = "test.run";
    type Answer = Vec<Result<Appended, Refusal>>;
    type Refusal = Refusal;

    fn lane(&self) -> LaneKey {
        self.0[0].room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Self::Answer, JobError<Refusal>> {
        let run: Vec<Append<'_>> = self.0.iter().map(Line::append).collect();
        Ok(log::append(tx, &run).await?)
    }
}
