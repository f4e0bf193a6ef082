//! Inserts a batch of messages into SQLite: write lane, checks, insert, commit, event, replies.

use crate::store::{NO_HURRY, Store};
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

/// Does what messaging's job does after it has validated a message.
struct InsertMessage {
    author: User,
    room: RoomKey,
    cid: String,
    body: String,
}

impl Job for InsertMessage {
    const NAME: &'static str = "pieces.say";
    type Answer = Appended;
    type Refusal = Refusal;
    const SET: bool = true;

    fn lane(&self) -> LaneKey {
        self.room.lane()
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<Appended, JobError<Refusal>> {
        let outcome = log::append(tx, &[self.append()]).await?.pop();
        outcome
            .expect("one outcome for one item")
            .map_err(JobError::Refused)
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<Appended, Refusal>>, Fault> {
        let run: Vec<Append<'_>> = jobs.iter().map(|job| job.append()).collect();
        log::append(tx, &run).await
    }
}

impl InsertMessage {
    fn append(&self) -> Append<'_> {
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
    /// Messages created so far.
    created: u64,
    inputs: VecDeque<Vec<InsertMessage>>,
}

impl Round for Batches {
    fn add_input(&mut self) {
        let numbers = self.created..self.created + self.size;
        self.created = numbers.end;
        let batch = numbers.map(|number| InsertMessage {
            author: self.author.clone(),
            room: self.room.clone(),
            cid: format!("0193f3a1-7c00-7000-{number:012}"),
            body: "What was said, \"quoted\" too. ".repeat(7),
        });
        self.inputs.push_back(batch.collect());
    }

    fn run(&mut self) {
        let batch = self.inputs.pop_front().expect("an input was added");
        let database = self.store.database.clone();
        let (done, all_done) = oneshot::channel();
        // Runs on the single worker, as the lane does, so that the lane starts when all jobs are
        // queued.
        let submit = async move {
            let jobs = batch.into_iter().map(|job| database.write(job, NO_HURRY));
            let outcomes = join_all(jobs).await;
            let stored = outcomes.iter().all(|outcome| matches!(outcome, Ok(Ok(_))));
            // The receiver below is always waiting.
            let _ = done.send(stored);
        };
        let stored = self.runtime.block_on(async {
            self.store.tasks.once("pieces", "batch", submit);
            all_done.await
        });
        assert_eq!(stored, Ok(true), "every message is stored");
    }
}

fn ready(size: u64) -> Box<dyn Round> {
    // One worker: SQLite cannot be opened on a current-thread runtime.
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
        created: 0,
        inputs: VecDeque::new(),
    })
}
