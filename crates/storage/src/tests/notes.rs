//! A table of notes, and jobs that write them, successfully or not.

use crate::kit::{Place, Seen, Store};
use crate::pool::ConnectionPool;
use crate::prelude::*;
use crate::{Backend, Database, StorageError};
use bus::{AskError, Event};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::future::Future;
use std::sync::{Arc, mpsc};
use std::time::Duration;

diesel::table! {
    notes (id) {
        id -> BigInt,
    }
}

/// A note was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Noted(pub(super) i64);

impl Event for Noted {
    const NAME: &'static str = "storage.test_noted";
}

/// The refusal of a note.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unwanted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Well,
    Refuses,
    Breaks,
    Panics,
}

/// Writes one note, states it, and then ends in its manner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note(pub(super) i64, pub(super) Manner);

impl Job for Note {
    const NAME: &'static str = "storage.test_note";
    type Answer = i64;
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<i64, JobError<Unwanted>> {
        insert(tx, &[self.0]).await?;
        tx.state(Noted(self.0));
        match self.1 {
            Manner::Well => Ok(self.0),
            Manner::Refuses => Err(JobError::Refused(Unwanted)),
            Manner::Panics => panic!("a note that panics"),
            Manner::Breaks => {
                statement!(tx, |c| diesel::sql_query("INSERT INTO nowhere VALUES (1)")
                    .execute(c))?;
                Ok(self.0)
            }
        }
    }
}

/// The same in sets; refuses and fails as a whole.
#[derive(Debug, Clone)]
pub(super) struct SetNote(
    pub(super) i64,
    pub(super) Manner,
    pub(super) Arc<Mutex<Vec<usize>>>,
);

impl Job for SetNote {
    const NAME: &'static str = "storage.test_set_note";
    const SET: bool = true;
    type Answer = i64;
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<i64, JobError<Unwanted>> {
        self.2.lock().push(1);
        Note(self.0, self.1).run(tx).await
    }

    async fn run_set(
        jobs: &[&Self],
        tx: &mut Writer<'_>,
    ) -> Result<Vec<Result<i64, Unwanted>>, Fault> {
        jobs[0].2.lock().push(jobs.len());
        let wanted = |job: &&&Self| job.1 != Manner::Refuses;
        let ids: Vec<i64> = jobs.iter().filter(wanted).map(|job| job.0).collect();
        insert(tx, &ids).await?;
        for id in &ids {
            tx.state(Noted(*id));
        }
        if jobs.iter().any(|job| job.1 == Manner::Breaks) {
            statement!(tx, |c| diesel::sql_query("INSERT INTO nowhere VALUES (1)")
                .execute(c))?;
        }
        let answer = |job: &&Self| {
            if wanted(&job) {
                Ok(job.0)
            } else {
                Err(Unwanted)
            }
        };
        Ok(jobs.iter().map(answer).collect())
    }
}

async fn insert(tx: &mut Writer<'_>, ids: &[i64]) -> Result<(), Fault> {
    for id in ids {
        let row = notes::id.eq(*id);
        statement!(tx, |c| diesel::insert_into(notes::table)
            .values(row)
            .execute(c))?;
    }
    Ok(())
}

/// Holds its lane until it may go on, so that the jobs behind it wait as one batch.
pub(super) struct Hold {
    begun: mpsc::SyncSender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

/// Lets a [`Hold`] go on when dropped.
pub(super) struct Held(
    #[expect(dead_code, reason = "its drop is what counts")] mpsc::SyncSender<()>,
);

impl Job for Hold {
    const NAME: &'static str = "storage.test_hold";
    type Answer = ();
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, _tx: &mut Writer<'_>) -> Result<(), JobError<Unwanted>> {
        self.begun.send(()).unwrap();
        // Ends when the other side is dropped; on PostgreSQL it would block a worker.
        let _ = tokio::task::block_in_place(|| self.go_on.lock().recv());
        Ok(())
    }
}

/// Keeps the lane of notes busy until the returned guard is dropped.
pub(super) async fn hold(database: &Database) -> Held {
    let (begun, has_begun) = mpsc::sync_channel(1);
    let (held, go_on) = mpsc::sync_channel(1);
    database.submit_from(
        Hold {
            begun,
            go_on: Mutex::new(go_on),
        },
        &bus::kit::origin(),
    );
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap())
        .await
        .unwrap();
    Held(held)
}

/// A note whose commit is delayed until its caller has given up.
pub(super) struct Outlived {
    pub(super) held: Held,
    pub(super) answer: BoxFuture<'static, Result<Result<i64, Unwanted>, AskError>>,
}

/// Writes note 1 in a job that goes on only when `held` is dropped.
pub(super) async fn hold_within(database: &Database, within: Duration) -> Outlived {
    let (begun, has_begun) = mpsc::sync_channel(1);
    let (held, go_on) = mpsc::sync_channel(1);
    let job = HeldNote(Hold {
        begun,
        go_on: Mutex::new(go_on),
    });
    let answer = ask_within(database, job, within);
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap())
        .await
        .unwrap();
    Outlived {
        held: Held(held),
        answer: Box::pin(answer),
    }
}

struct HeldNote(Hold);

impl Job for HeldNote {
    const NAME: &'static str = "storage.test_held_note";
    type Answer = i64;
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<i64, JobError<Unwanted>> {
        let written = Note(1, Manner::Well).run(tx).await?;
        self.0.run(tx).await?;
        Ok(written)
    }
}

/// Returns a store with an empty table of notes, and a record of the notes that were stated.
pub(super) async fn store() -> (Store, Seen<Noted>) {
    store_at(Place::new().await).await
}

/// Returns a store on this kind of database, for what only one of them does.
pub(super) async fn store_on(backend: Backend) -> (Store, Seen<Noted>) {
    store_at(Place::on(backend).await).await
}

async fn store_at(place: Place) -> (Store, Seen<Noted>) {
    let seen = Seen::new();
    let store = Store::at(place, |_, _| {}, |bus, _| seen.watch(bus)).await;
    make_table(&store).await;
    (store, seen)
}

struct MakeTable;

impl Job for MakeTable {
    const NAME: &'static str = "storage.test_make_table";
    type Answer = ();
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Unwanted>> {
        let table = "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY)";
        statement!(tx, |c| diesel::sql_query(table).execute(c))?;
        Ok(())
    }
}

pub(super) async fn make_table(store: &Store) {
    store.run(MakeTable).await.unwrap();
}

/// Returns all notes, in order.
pub(super) async fn all(database: &Database) -> Result<Vec<i64>, StorageError> {
    database
        .read("storage.test_all", |reader| {
            Box::pin(async move {
                let ids = notes::table.select(notes::id).order(notes::id);
                Ok(query!(reader, |c| ids.load(c))?)
            })
        })
        .await
}

/// Asks for a job as a handler would; the answer comes later.
pub(super) fn ask<J: Job>(
    database: &Database,
    job: J,
) -> impl Future<Output = Result<Result<J::Answer, J::Refusal>, AskError>> + use<J> {
    ask_within(database, job, Duration::from_secs(20))
}

pub(super) fn ask_within<J: Job>(
    database: &Database,
    job: J,
    within: Duration,
) -> impl Future<Output = Result<Result<J::Answer, J::Refusal>, AskError>> + use<J> {
    let (reply, answer) = bus::kit::reply_within(within);
    database.submit(job, reply);
    answer
}

/// Returns how many batches have been begun.
pub(super) fn batches(database: &Database) -> u64 {
    let counters = database.slot().counters();
    counters.batches.load(std::sync::atomic::Ordering::Relaxed)
}

/// Returns the pool of an open database.
pub(super) fn pool(database: &Database) -> Arc<ConnectionPool> {
    Arc::clone(&database.slot().open_database().unwrap().pool)
}
