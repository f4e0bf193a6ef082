//! A command that reads and one that writes, both of a room.

use crate::last_words::last_words;
use parlor::prelude::*;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;

/// Answers both commands.
pub(crate) struct Tour;

/// `x.tour.last`: what was said last in a room.
#[derive(Deserialize)]
pub(crate) struct Last {
    room: String,
}

#[derive(Serialize)]
pub(crate) struct Said {
    seq: Seq,
    body: String,
}

impl Command for Last {
    const NAME: &'static str = "tour.last";
    const COST: Cost = Cost::Page;
    type Answer = Said;

    fn room(&self) -> Option<&str> {
        Some(&self.room)
    }
}

impl Respond<Last> for Tour {
    async fn respond(&self, asked: Asked<Last>, cx: &Cx) -> Result<Said, Declined> {
        let room = asked.standing.expect("members only").room.id.0;
        let last = cx.database().read("tour.last", move |reader| {
            Box::pin(async move {
                let last = last_words::table.find(room).select((last_words::seq, last_words::body));
                Ok(query!(reader, |c| last.first(c)).optional()?)
            })
        });
        let (seq, body) =
            last.await?.ok_or(Declined::NotFound(Some("Nobody said anything.".into())))?;
        Ok(Said { seq, body })
    }
}

/// `x.tour.forget`: forgets what was said last in a room.
#[derive(Deserialize)]
pub(crate) struct Forget {
    room: String,
}

#[derive(Serialize)]
pub(crate) struct Forgotten {
    dup: bool,
}

impl Command for Forget {
    const NAME: &'static str = "tour.forget";
    type Answer = Forgotten;

    fn room(&self) -> Option<&str> {
        Some(&self.room)
    }
}

impl Respond<Forget> for Tour {
    async fn respond(&self, asked: Asked<Forget>, cx: &Cx) -> Result<Forgotten, Declined> {
        let job = ForgetRoom(asked.standing.expect("members only").room.id.0);
        let Ok(rows) = cx.database().write(job, Duration::from_secs(4)).await?;
        Ok(Forgotten { dup: rows == 0 })
    }
}

/// A change of the database; it runs in a transaction with others that wait.
struct ForgetRoom(i64);

impl Job for ForgetRoom {
    const NAME: &'static str = "tour.forget";
    const STATES: bool = false;
    type Answer = usize;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<usize, JobError<Infallible>> {
        let row = last_words::table.find(self.0);
        Ok(statement!(tx, |c| diesel::delete(row).execute(c)).map_err(Fault::from)?)
    }
}
