//! Transient faults are retried, others are reported.

use super::notes::{
    Manner, Note, Unwanted, all, ask_within, make_table, notes, pool, store, store_on,
};
use crate::backend::sqlite;
use crate::kit::{Seen, Store};
use crate::pool::AcquireRequest;
use crate::prelude::*;
use crate::{Backend, Database, StorageError, StoreEpochChanged};
use bus::AskError;
use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Writes a note, but its connection dies the first time.
struct DiesOnce(i64, AtomicBool);

impl Job for DiesOnce {
    const NAME: &'static str = "storage.test_dies_once";
    type Answer = i64;
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<i64, JobError<Unwanted>> {
        let written = Note(self.0, Manner::Well).run(tx).await?;
        if !self.1.swap(true, Ordering::Relaxed) {
            let kill = "SELECT pg_terminate_backend(pg_backend_pid())";
            statement!(tx, |c| diesel::sql_query(kill).execute(c))?;
        }
        Ok(written)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_repeated_when_another_process_holds_the_file() {
    let (store, seen) = store_on(Backend::Sqlite).await;
    let mut other = sqlite::connect(store.file().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let answer = ask_within(
        store.database(),
        Note(1, Manner::Well),
        Duration::from_secs(20),
    );
    until(|| repeats(store.database()) > 0).await;
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(answer.await, Ok(Ok(1)));
    store.quiet().await;
    assert_eq!(seen.facts().len(), 1, "stated once");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_cannot_begin_in_time_is_unavailable() {
    let (store, seen) = store_on(Backend::Sqlite).await;
    let mut other = sqlite::connect(store.file().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let told = store
        .database()
        .write(Note(1, Manner::Well), Duration::from_millis(300))
        .await;
    assert!(
        matches!(told, Err(StorageError::Unavailable { .. })),
        "{told:?}"
    );
    other.batch_execute("ROLLBACK").unwrap();
    store.run(Note(2, Manner::Well)).await.unwrap();
    assert_eq!(all(store.database()).await.unwrap(), [2]);
    store.quiet().await;
    assert_eq!(seen.facts().len(), 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_repeated_when_its_connection_dies_before_the_commit() {
    let (store, seen) = store_on(Backend::Postgres).await;
    let held = super::notes::hold(store.database()).await;
    let before = super::notes::ask(store.database(), Note(1, Manner::Well));
    let dying = super::notes::ask(store.database(), DiesOnce(2, AtomicBool::new(false)));
    let after = super::notes::ask(store.database(), Note(3, Manner::Well));
    drop(held);
    assert_eq!(before.await, Ok(Ok(1)));
    assert_eq!(dying.await, Ok(Ok(2)));
    assert_eq!(after.await, Ok(Ok(3)));
    assert_eq!(repeats(store.database()), 1);
    assert_eq!(all(store.database()).await.unwrap(), [1, 2, 3]);
    store.quiet().await;
    let stated: Vec<i64> = seen.facts().iter().map(|noted| noted.0).collect();
    assert_eq!(stated, [1, 2, 3], "stated once, in order");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_in_its_commit_leaves_the_outcome_unknown() {
    let (store, seen) = store_on(Backend::Postgres).await;
    store.run(Statements(DIE_AT_COMMIT)).await.unwrap();
    let answer = super::notes::ask(store.database(), Note(1, Manner::Well)).await;
    assert_eq!(answer, Err(AskError::OutcomeUnknown));
    assert_eq!(
        store.run(Note(2, Manner::Well)).await,
        Ok(2),
        "the lane works on"
    );
    assert_eq!(all(store.database()).await.unwrap(), [2]);
    store.quiet().await;
    assert_eq!(seen.facts().len(), 1);
    store.close().await;
}

/// Note 1 kills its connection while it is being committed.
const DIE_AT_COMMIT: &[&str] = &[
    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
    "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION die()",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_go_on_after_all_connections_were_cut() {
    let (store, _) = store_on(Backend::Postgres).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for id in 1..=5 {
        let reads = (0..8).map(|_| all(store.database()));
        assert!(join_all(reads).await.iter().all(Result::is_ok));
        rows(store.database(), cut).await;
        assert_eq!(store.run(Note(id, Manner::Well)).await, Ok(id));
    }
    assert_eq!(all(store.database()).await.unwrap().len(), 5);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_over_its_time_fails_its_job_alone() {
    let (store, _) = store_on(Backend::Postgres).await;
    let held = super::notes::hold(store.database()).await;
    let before = super::notes::ask(store.database(), Note(1, Manner::Well));
    let slow = super::notes::ask(store.database(), Statements(&["SELECT pg_sleep(60)"]));
    let after = super::notes::ask(store.database(), Note(3, Manner::Well));
    drop(held);
    assert_eq!(before.await, Ok(Ok(1)));
    assert!(matches!(slow.await, Err(AskError::Unavailable { .. })));
    assert_eq!(after.await, Ok(Ok(3)));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_do_not_wait_for_each_other() {
    let (store, _) = store_on(Backend::Postgres).await;
    let held = super::notes::hold(store.database()).await;
    assert_eq!(store.run(OtherLane).await, Ok(()));
    drop(held);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_lock_that_was_lost_is_taken_again() {
    let (store, _) = store_on(Backend::Postgres).await;
    let first = lock_holder(store.database()).await.unwrap();
    store.run(Statements(&[END_LOCK_HOLDER])).await.unwrap();
    // The terminated session may be listed for a moment after its end.
    let taken_again = async {
        loop {
            match lock_holder(store.database()).await {
                Some(holder) if holder != first => return,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), taken_again)
        .await
        .expect("the lock is taken again in time");
    let second = super::open::registry().open(store.config().clone()).await;
    assert!(
        matches!(second, Err(crate::OpenError::Locked { .. })),
        "{:?}",
        second.err()
    );
    store.close().await;
}

const END_LOCK_HOLDER: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND objid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[derive(diesel::QueryableByName)]
struct LockHolder {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pid: i32,
}

/// Returns the PostgreSQL process that holds the lock on the store.
async fn lock_holder(database: &Database) -> Option<i32> {
    let text = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let holders = database.read("storage.test_lock_holder", move |reader| {
        Box::pin(
            async move { Ok(query!(reader, |c| diesel::sql_query(text).load::<LockHolder>(c))?) },
        )
    });
    holders.await.unwrap().first().map(|holder| holder.pid)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_connection_that_finds_another_epoch_states_it() {
    let changes = Seen::<StoreEpochChanged>::new();
    let store = Store::with(|bus, _| changes.watch(bus)).await;
    make_table(&store).await;
    let old = store.database().epoch();
    store
        .run(Statements(&["UPDATE storage_meta SET value = 'restored'"]))
        .await
        .unwrap();
    let pool = pool(store.database());
    let mut all_and_one_more = Vec::new();
    while store.database().epoch() == old {
        all_and_one_more.push(
            pool.lease(AcquireRequest::read("storage.test"))
                .await
                .unwrap(),
        );
    }
    until(|| !changes.facts().is_empty()).await;
    assert!(changes.facts()[0].epoch.starts_with("restored"));
    assert_eq!(changes.facts()[0].database, "core");
    drop(all_and_one_more);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durability_is_what_the_store_is_set_to() {
    let (store, _) = store().await;
    let expected = match store.config().url.backend() {
        Backend::Sqlite => "power",
        Backend::Postgres => {
            let safe = "SELECT 1 WHERE current_setting('fsync') = 'on'";
            if rows(store.database(), safe).await == 1 {
                "power"
            } else {
                "process"
            }
        }
    };
    assert_eq!(store.database().durability(), expected);
    store.close().await;
}

/// Runs plain statements.
pub(super) struct Statements(pub(super) &'static [&'static str]);

impl Job for Statements {
    const NAME: &'static str = "storage.test_statements";
    type Answer = ();
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Unwanted>> {
        for text in self.0 {
            statement!(tx, |c| diesel::sql_query(*text).execute(c))?;
        }
        Ok(())
    }
}

struct OtherLane;

impl Job for OtherLane {
    const NAME: &'static str = "storage.test_other_lane";
    type Answer = ();
    type Refusal = Unwanted;

    fn lane(&self) -> LaneKey {
        LaneKey(8)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Unwanted>> {
        let _: i64 = query!(tx, |c| notes::table.count().get_result(c))?;
        Ok(())
    }
}

pub(super) async fn rows(database: &Database, text: &'static str) -> usize {
    let rows = database.read("storage.test_rows", move |reader| {
        Box::pin(async move { Ok(query!(reader, |c| diesel::sql_query(text).execute(c))?) })
    });
    rows.await.unwrap()
}

pub(super) fn repeats(database: &Database) -> u64 {
    let counters = database.slot().counters();
    counters.write_repeats.load(Ordering::Relaxed)
}

pub(super) async fn until(reached: impl Fn() -> bool) {
    let waiting = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    waited.expect("it is reached in time");
}
