//! A batch of messages on its way into SQLite: the write lane, the checks, the insert, the commit,
//! the fact, the answers.

use crate::store::{PATIENCE, Store};
use crate::{Piece, Round};
use futures_util::future::join_all;
use rooms::api::log::{self, Append, Appended, Draft};
use rooms::api::{Refusal, RoomKey};
use sessions::api::User;
use std::collections::VecDeque;
use storage::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub(crate) const BATCH_OF_64: Piece = Piece {
    name: "insert_64",
    unit: "message",
    units: 64,
    steady: false,
    prepare: || ready(64),
};

pub(crate) const BATCH_OF_256: Piece = Piece {
    name: "insert_256",
    unit: "message",
    units: 256,
    steady: false,
    prepare: || ready(256),
};

/// What messaging's own job does once a text has been checked.
struct Say {
    author: User,
    room: RoomKey,
    cid: String,
    body: String,
}

impl Job for Say {
    const NAME: &'static str = "pieces.say";
    type Answer = Appended;
    type Refusal = Refusal;
    const SET: bool = true;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Appended, JobError<Refusal>> {
        let outcome = log::append(tx, &[self.draft()]).await?.pop();
        outcome
            .expect("one outcome for one item")
            .map_err(JobError::Refused)
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<Appended, Refusal>>, Fault> {
        let run: Vec<Append<'_>> = jobs.iter().map(|job| job.draft()).collect();
        log::append(tx, &run).await
    }
}

impl Say {
    fn draft(&self) -> Append<'_> {
        Append {
            room: &self.room,
            author: &self.author,
            at: 1_800_000_000_000,
            what: Draft::Message {
                cid: &self.cid,
                body: &self.body,
                reply_to: None,
            },
        }
    }
}

struct Batches {
    runtime: Runtime,
    store: Store,
    author: User,
    room: RoomKey,
    size: u64,
    /// Messages made.
    made: u64,
    laid_out: VecDeque<Vec<Say>>,
}

impl Round for Batches {
    fn lay_out(&mut self) {
        let numbers = self.made..self.made + self.size;
        self.made = numbers.end;
        let batch = numbers.map(|number| Say {
            author: self.author.clone(),
            room: self.room.clone(),
            cid: format!("0193f3a1-7c00-7000-{number:012}"),
            body: "What was said, \"quoted\" too. ".repeat(7),
        });
        self.laid_out.push_back(batch.collect());
    }

    fn run(&mut self) {
        let batch = self.laid_out.pop_front().expect("it was laid out");
        let database = self.store.database.clone();
        let (done, all_done) = oneshot::channel();
        // On the one worker, on which the lane is too: it begins when all of them wait.
        let handing_over = async move {
            let jobs = batch.into_iter().map(|say| database.write(say, PATIENCE));
            let outcomes = join_all(jobs).await;
            let stored = outcomes.iter().all(|outcome| matches!(outcome, Ok(Ok(_))));
            // Whoever waits is there: nobody gives up.
            let _ = done.send(stored);
        };
        let stored = self.runtime.block_on(async {
            self.store.tasks.once("pieces", "batch", handing_over);
            all_done.await
        });
        assert_eq!(stored, Ok(true), "every message is stored");
    }
}

fn ready(size: u64) -> Box<dyn Round> {
    // One worker: SQLite cannot be opened on a runtime without any.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (store, caller, room) = runtime.block_on(async {
        let store = Store::new().await;
        let (caller, room) = store.member().await;
        (store, caller, room)
    });
    Box::new(Batches {
        runtime,
        store,
        author: caller.user,
        room,
        size,
        made: 0,
        laid_out: VecDeque::new(),
    })
}
