//! A pool that is too small, or whose file has no space: callers get errors in time, and it
//! recovers.

use super::faults::{Statements, until};
use super::notes::{Manner, Note, all, ask, ask_within, hold, make_table, pool};
use super::open::beside;
use crate::backend::sqlite;
use crate::kit::{Place, Seen, Store};
use crate::pool::AcquireRequest;
use crate::{Backend, DatabaseChanged, DatabaseConfig, DatabaseState, StorageError};
use bus::{AskError, ProbeState, Settings};
use diesel::connection::SimpleConnection as _;
use futures_util::future::{join_all, try_join_all};
use std::time::Duration;
use tokio::time::Instant;

/// Returns a store with one connection, for which callers wait this long.
async fn narrow(acquire: Duration) -> Store {
    narrow_at(Place::new().await, acquire).await
}

/// Returns the same on SQLite.
async fn narrow_file() -> Store {
    narrow_at(Place::on(Backend::Sqlite).await, Duration::from_secs(2)).await
}

async fn narrow_at(place: Place, acquire: Duration) -> Store {
    let one = move |config: &mut DatabaseConfig, _: &mut Settings| {
        config.pool_max = 1;
        config.pool_min = 1;
        config.acquire_timeout = acquire;
    };
    let store = Store::at(place, one, |_, _| {}).await;
    make_table(&store).await;
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saturated_pool_is_not_a_lost_database() {
    let store = narrow(Duration::from_millis(100)).await;
    let held = hold(store.database()).await;
    assert!(matches!(
        all(store.database()).await,
        Err(StorageError::Saturated { .. })
    ));
    until(|| store.database().state() == DatabaseState::Degraded).await;
    let probes = store.registry().probes();
    assert!(
        probes
            .iter()
            .all(|probe| probe.state() == ProbeState::Degraded)
    );
    let json = |at: usize| -> serde_json::Value { probes[at].json().parse().unwrap() };
    let core = &json(0)["databases"]["core"];
    assert_eq!(core["status"], "degraded");
    assert!(
        core["cause"].as_str().unwrap().contains("saturated"),
        "{core}"
    );
    let core = &json(1)["databases"]["core"];
    assert_eq!(
        (&core["healthy"], &core["timeouts"]),
        (&false.into(), &1.into())
    );
    drop(held);
    until(|| store.database().state() == DatabaseState::Connected).await;
    assert_eq!(json(1)["healthy"], true);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_a_connection_is_shown_with_what_for() {
    let store = narrow(Duration::from_secs(2)).await;
    let held = hold(store.database()).await;
    let page = store.registry().probes()[1].json();
    let page: serde_json::Value = page.parse().unwrap();
    let holders = page["databases"]["core"]["holders"].as_array().unwrap();
    assert_eq!(holders.len(), 1, "{page}");
    assert_eq!(holders[0]["subscriber"], "storage");
    assert_eq!(holders[0]["operation"], "storage.test_hold");
    assert_eq!(holders[0]["jobs"], 1);
    assert_eq!(holders[0]["others"], serde_json::json!([]));

    let note = ask(store.database(), Note(2, Manner::Well));
    let (again, ()) = tokio::join!(hold(store.database()), async { drop(held) });
    let page = store.registry().probes()[1].json();
    let page: serde_json::Value = page.parse().unwrap();
    let holder = &page["databases"]["core"]["holders"][0];
    assert_eq!(holder["operation"], "storage.test_note");
    assert_eq!(holder["others"], serde_json::json!(["storage.test_hold"]));
    assert_eq!(holder["jobs"], 2);
    drop(again);
    assert_eq!(note.await, Ok(Ok(2)));
    store.run(Note(1, Manner::Well)).await.unwrap();
    until(|| pool(store.database()).gate().holders().is_empty()).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_pool_tells_everyone_in_time_and_recovers() {
    let store = narrow(Duration::from_millis(200)).await;
    let held = hold(store.database()).await;
    let began = tokio::time::Instant::now();
    let reads = join_all((0..50).map(|_| all(store.database()))).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    for read in reads {
        let told = AskError::from(read.unwrap_err());
        assert!(matches!(told, AskError::Unavailable { retry_after } if !retry_after.is_zero()));
    }
    let metrics = &store.registry().metrics()[0].pool;
    assert_eq!((metrics.timeouts, metrics.in_use), (50, 1));
    drop(held);
    let writes = (1..=20).map(|id| ask(store.database(), Note(id, Manner::Well)));
    let reads = (1..=20).map(|_| async { all(store.database()).await.is_ok() });
    let (writes, _) = tokio::join!(join_all(writes), join_all(reads));
    assert!(writes.iter().all(Result::is_ok));
    assert_eq!(all(store.database()).await.unwrap().len(), 20);
    let metrics = &store.registry().metrics()[0];
    assert!(metrics.pool.acquire_micros.count() > 20);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_behind_one_that_waits_for_a_connection_waits_no_longer_than_that() {
    let acquire = Duration::from_secs(2);
    let store = narrow(acquire).await;
    let pool = pool(store.database());
    let held = pool
        .lease(AcquireRequest::read("storage.test_held"))
        .await
        .unwrap();
    let first = ask(store.database(), Note(1, Manner::Well));
    until(|| pool.gate().waiting() == 1).await;
    let began = tokio::time::Instant::now();
    let behind = ask(store.database(), Note(2, Manner::Well));
    let page = || -> serde_json::Value {
        let page = store.registry().probes()[1].json();
        page.parse::<serde_json::Value>().unwrap()["databases"]["core"].take()
    };
    assert_eq!(page()["lanes"]["queued"], 1);
    until(|| page()["lanes"]["oldest_ms"].as_u64() > Some(1_000)).await;
    assert_eq!(page()["healthy"], false);
    for told in [first.await, behind.await] {
        assert!(
            matches!(told, Err(AskError::Unavailable { .. })),
            "{told:?}"
        );
    }
    let waited = began.elapsed();
    assert!(acquire <= waited && waited < acquire * 3 / 2, "{waited:?}");
    drop(held);
    store.run(Note(3, Manner::Well)).await.unwrap();
    assert_eq!(all(store.database()).await.unwrap(), [3]);
    let none = serde_json::json!({"queued": 0, "oldest_ms": 0});
    until(|| page()["lanes"] == none).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_retryable_error_and_ends_when_there_is_room() {
    let store = narrow_file().await;
    store
        .run(Statements(&["PRAGMA max_page_count = 1"]))
        .await
        .unwrap();
    let big = Statements(&["CREATE TABLE big AS SELECT zeroblob(1000000)"]);
    let told = store
        .database()
        .write(big, Duration::from_millis(300))
        .await;
    let Err(StorageError::Unavailable { cause, .. }) = told else {
        panic!("{told:?}")
    };
    assert_eq!(cause, "database or disk is full");
    assert_eq!(all(store.database()).await.unwrap(), [0; 0], "reads go on");
    until(|| store.database().state() == DatabaseState::Degraded).await;
    let page: serde_json::Value = store.registry().probes()[0].json().parse().unwrap();
    let cause = page["databases"]["core"]["cause"].as_str().unwrap();
    assert!(cause.ends_with("database or disk is full"), "{page}");
    store
        .run(Statements(&["PRAGMA max_page_count = 1000000"]))
        .await
        .unwrap();
    let big = Statements(&["CREATE TABLE big AS SELECT zeroblob(1000000)"]);
    store.run(big).await.unwrap();
    until(|| store.database().state() == DatabaseState::Connected).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_file_is_degraded_until_the_probe_can_write_though_nobody_else_does() {
    let changes = Seen::<DatabaseChanged>::new();
    let store = Store::on(Backend::Sqlite, |bus, _| changes.watch(bus)).await;
    make_table(&store).await;
    let mut other = sqlite::connect(store.file().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let told = ask_within(
        store.database(),
        Note(1, Manner::Well),
        Duration::from_millis(1_500),
    );
    assert!(told.await.is_err());
    until(|| store.database().state() == DatabaseState::Degraded).await;
    assert!(all(store.database()).await.is_ok(), "reads go on");
    other.batch_execute("ROLLBACK").unwrap();
    until(|| store.database().state() == DatabaseState::Connected).await;
    store.quiet().await;
    until(|| {
        changes
            .facts()
            .iter()
            .any(|change| change.word() == "recovered")
    })
    .await;
    let facts = changes.facts();
    let ill: Vec<_> = facts
        .iter()
        .filter(|change| change.is == DatabaseState::Degraded)
        .collect();
    assert_eq!(ill.len(), 1, "stated once: {facts:?}");
    assert!(
        ill[0]
            .cause
            .as_ref()
            .unwrap()
            .ends_with("database is locked")
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_gone_is_a_lost_database_until_it_is_back_and_reset() {
    let store = narrow_file().await;
    let file = store.file().to_owned();
    let away = beside(&file, "-away");
    std::fs::rename(&file, &away).unwrap();
    store.database().slot().state_tracker().request_probe();
    until(|| store.database().state() == DatabaseState::Lost).await;
    let refused = store.registry().durability_lost().await;
    assert_eq!(refused.kind, crate::DurabilityLossKind::FileMoved);
    std::fs::rename(&away, &file).unwrap();
    store.database().slot().state_tracker().request_probe();
    let registry = store.registry();
    registry
        .reset("core", Duration::from_secs(10))
        .await
        .unwrap();
    assert_eq!(store.database().state(), DatabaseState::Connected);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_does_not_hold_our_tables_is_a_lost_database() {
    let store = narrow_file().await;
    let file = store.file().to_owned();
    let mut other = sqlite::connect(file.to_str().unwrap()).unwrap();
    other
        .batch_execute("ALTER TABLE storage_meta RENAME TO hidden")
        .unwrap();
    store.database().slot().state_tracker().request_probe();
    until(|| store.database().state() == DatabaseState::Lost).await;
    other
        .batch_execute("ALTER TABLE hidden RENAME TO storage_meta")
        .unwrap();
    until(|| store.database().state() == DatabaseState::Connected).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_file_does_not_grow_for_ever() {
    let store = narrow_file().await;
    let file = store.file().to_owned();
    store
        .run(Statements(&["CREATE TABLE big (bytes BLOB)"]))
        .await
        .unwrap();
    for _ in 0..60 {
        let big = Statements(&["INSERT INTO big VALUES (zeroblob(1000000))"]);
        store.run(big).await.unwrap();
    }
    let log = std::fs::metadata(beside(&file, "-wal")).unwrap().len();
    assert!(
        log < 40_000_000,
        "60 MB were written, and the log has {log}"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_sync_nothing_is_acknowledged_and_the_process_is_told() {
    let store = narrow(Duration::from_secs(2)).await;
    pool(store.database()).writes_may_be_lost(&"disk I/O error");
    let told = ask(store.database(), Note(1, Manner::Well)).await;
    assert!(
        matches!(told, Err(AskError::Unavailable { .. })),
        "{told:?}"
    );
    assert!(all(store.database()).await.is_err());
    let durability_lost = store.registry().durability_lost().await;
    assert_eq!(durability_lost.database, "core");
    assert!(
        durability_lost.cause.contains("disk I/O error"),
        "{durability_lost:?}"
    );
    assert_eq!(store.database().state(), DatabaseState::Lost);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_to_a_server_go_when_their_time_is_over() {
    let soon = |config: &mut DatabaseConfig, _: &mut Settings| {
        config.pool_min = 1;
        config.idle_timeout = Duration::from_secs(1);
    };
    let place = Place::on(Backend::Postgres).await;
    let store = Store::at(place, soon, |_, _| {}).await;
    let pool = pool(store.database());
    let many = (0..6).map(|_| pool.lease(AcquireRequest::read("storage.test_many")));
    drop(try_join_all(many).await.unwrap());
    let since = Instant::now();
    assert!(pool.size().0 >= 6, "{:?}", pool.size());
    until(|| pool.size().0 <= 2).await;
    assert!(since.elapsed() < Duration::from_secs(10));
    store.close().await;
}
