//! Opening, locking and closing.

use super::notes::{Manner, Note, all, batches, pool, store, store_on};
use crate::kit::{Place, Store};
use crate::{Backend, DatabaseConfig, OpenError, PostgresUrl, Registry, StorageError, Url};
use bus::{Builder, ProbeState, Settings, Tasks};
use futures_util::future::join_all;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_a_hundred_times_leaves_the_connections_as_they_were() {
    let (store, _) = store().await;
    let before = pool(store.database()).size();
    let opened = (0..100).map(|_| store.registry().open(store.config().clone()));
    for database in join_all(opened).await {
        assert_eq!(database.unwrap().epoch(), store.database().epoch());
    }
    for _ in 0..10 {
        store.registry().register(store.config().clone());
        store.registry().initialise().await.unwrap();
    }
    // The probe opens one more if it runs while another connection is on loan.
    let after = pool(store.database()).size();
    assert!(after.0 <= before.0 + 1, "{before:?} became {after:?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_is_told_who_holds_the_store() {
    let (store, _) = store().await;
    let refused = registry().open(store.config().clone()).await;
    let Err(error @ OpenError::Locked { .. }) = refused else {
        panic!("it opened")
    };
    let holder = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let place = Place::new().await;
    let epoch = {
        let registry = registry();
        let database = registry.open(place.config()).await.unwrap();
        registry.close(Duration::from_secs(10)).await;
        database.epoch()
    };
    let registry = registry();
    let database = registry.open(place.config()).await.unwrap();
    assert_eq!(database.epoch(), epoch);
    assert!(epoch.len() >= 32);
    registry.close(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_database_answers_that_it_is_closed() {
    let (store, _) = store().await;
    let database = store.database().clone();
    store.run(Note(1, Manner::Well)).await.unwrap();
    store.registry().close(Duration::from_secs(10)).await;
    let read = all(&database).await;
    assert!(matches!(read, Err(StorageError::Closed { .. })), "{read:?}");
    let written = database
        .write(Note(2, Manner::Well), Duration::from_secs(1))
        .await;
    assert!(
        matches!(written, Err(StorageError::Closed { .. })),
        "{written:?}"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_file_leaves_no_log() {
    let (store, _) = store_on(Backend::Sqlite).await;
    store.run(Note(1, Manner::Well)).await.unwrap();
    store.registry().close(Duration::from_secs(10)).await;
    assert!(store.file().exists());
    assert!(
        !beside(store.file(), "-wal").exists(),
        "the log has been moved into the file"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_what_waits_first() {
    let (store, seen) = store().await;
    let database = store.database().clone();
    let held = super::notes::hold(&database).await;
    let before = batches(&database);
    let answers: Vec<_> = (1..=300)
        .map(|id| super::notes::ask(&database, Note(id, Manner::Well)))
        .collect();
    drop(held);
    store.registry().close(Duration::from_secs(20)).await;
    for (id, answer) in (1..).zip(answers) {
        assert_eq!(answer.await, Ok(Ok(id)));
    }
    assert_eq!(
        batches(&database) - before,
        2,
        "at most 256 jobs make a batch"
    );
    store.quiet().await;
    assert_eq!(seen.facts().len(), 300);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_found_by_name_or_as_the_default() {
    let (store, _) = store().await;
    assert!(store.registry().database("core").is_some());
    assert!(store.registry().database("default").is_some());
    assert!(store.registry().database("analytics").is_none());
    let other = Place::new().await;
    let config = DatabaseConfig {
        name: "analytics".into(),
        ..other.config()
    };
    store.registry().open(config).await.unwrap();
    assert_eq!(store.registry().database("default").unwrap().name(), "core");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_sees_databases_and_pools() {
    let few = |config: &mut DatabaseConfig, _: &mut Settings| config.pool_max = 3;
    let store = Store::configured(few, |_, _| {}).await;
    let probes = store.registry().probes();
    let names: Vec<_> = probes.iter().map(|probe| probe.name()).collect();
    assert_eq!(names, ["databases", "db-pool"]);
    assert!(probes.iter().all(|probe| probe.state() == ProbeState::Ok));
    let json = |at: usize| -> serde_json::Value { probes[at].json().parse().unwrap() };
    assert_eq!(json(0)["databases"]["core"]["status"], "ok");
    assert_eq!(
        json(0)["databases"]["core"]["epoch"],
        store.database().epoch()
    );
    assert_eq!(json(1)["healthy"], true);
    let core = &json(1)["databases"]["core"];
    assert_eq!(
        (&core["max"], &core["in_use"], &core["waiting"]),
        (&3.into(), &0.into(), &0.into())
    );
    assert!(core["total"].as_u64().unwrap() >= core["idle"].as_u64().unwrap());
    assert_eq!(core["healthy"], true);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_unavailable_and_its_password_stays_secret() {
    let url = "postgres://parlor:hunter2secret@127.0.0.1:1/core";
    let place = Place::new().await;
    let mut config = DatabaseConfig {
        url: postgres(url),
        ..place.config()
    };
    config.acquire_timeout = Duration::from_millis(200);
    assert!(!format!("{config:?}").contains("hunter2"));
    let Err(error) = registry().open(config.clone()).await else {
        panic!("it opened")
    };
    assert!(
        matches!(error, OpenError::Storage(StorageError::Unavailable { .. })),
        "{error:?}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
    let wrong = PostgresUrl::parse("postgres://parlor:hunter2secret@127.0.0.1:port/core");
    let error = wrong.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

/// Returns the location that a URL names.
pub(super) fn postgres(url: &str) -> Url {
    Url::Postgres(PostgresUrl::parse(url).unwrap())
}

/// Returns a registry whose bus has no subscribers.
pub(super) fn registry() -> Registry {
    let tasks = Tasks::new(CancellationToken::new());
    let bus = Builder::new(Settings::default(), &tasks).bus();
    Registry::new(bus, tasks)
}

/// Returns the path of `core.db-wal` beside `core.db`.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
