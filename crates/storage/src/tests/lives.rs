//! Each database is lost, stopped, reset and repointed on its own while others serve, and its
//! handles stay valid.

use super::faults::until;
use super::notes::{Manner, Note, all, hold, make_table, pool};
use super::open::{postgres, registry};
use crate::kit::{Place, Seen, Store};
use crate::{
    ControlError, Database, DatabaseChanged, DatabaseConfig, DatabaseState, StorageError,
    StoreEpochChanged, Url,
};
use bus::{ActError, Probe, ProbeState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const DRAIN: Duration = Duration::from_secs(10);

/// Returns a store, and a record of its changes.
async fn watched() -> (Store, Seen<DatabaseChanged>) {
    let seen = Seen::new();
    let store = Store::with(|bus, _| seen.watch(bus)).await;
    make_table(&store).await;
    (store, seen)
}

/// Waits until the changes of one database end with these words; returns all of them.
async fn words(
    store: &Store,
    seen: &Seen<DatabaseChanged>,
    name: &str,
    last: &[&str],
) -> Vec<&'static str> {
    let of_name = || -> Vec<_> {
        let facts = seen.facts();
        let its = facts.iter().filter(|change| change.database == name);
        its.map(|change| change.word()).collect()
    };
    until(|| of_name().ends_with(last)).await;
    store.quiet().await;
    of_name()
}

fn analytics(place: &Place) -> DatabaseConfig {
    DatabaseConfig {
        name: "analytics".into(),
        critical: false,
        ..place.config()
    }
}

/// Returns the configuration of a file in a folder that is a file.
fn unreachable() -> (tempfile::TempDir, PathBuf, DatabaseConfig) {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("data");
    std::fs::write(&in_the_way, "a file").unwrap();
    let url = Url::Sqlite(in_the_way.join("analytics.db"));
    let config = DatabaseConfig::new("analytics", url, crate::kit::migrations("core"));
    (folder, in_the_way, config)
}

/// Registers a database: its handle exists before it is open.
fn known(store: &Store, config: DatabaseConfig) -> Database {
    let name = config.name.clone();
    store.registry().register(config);
    store.registry().database(&name).unwrap()
}

fn databases(store: &Store) -> Arc<dyn Probe> {
    store.registry().probes().remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_makes_all_connections_anew_and_leaves_the_others_alone() {
    let (store, seen) = watched().await;
    let place = Place::new().await;
    let other = store.registry().open(analytics(&place)).await.unwrap();
    let (before, others) = (pool(store.database()), pool(&other));
    store.run(Note(1, Manner::Well)).await.unwrap();
    store.registry().reset("core", DRAIN).await.unwrap();
    assert!(!Arc::ptr_eq(&before, &pool(store.database())));
    assert!(Arc::ptr_eq(&others, &pool(&other)));
    assert_eq!(
        all(store.database()).await.unwrap(),
        [1],
        "the handle is the old one"
    );
    store.run(Note(2, Manner::Well)).await.unwrap();
    // Its first opening may have been published before the bus could receive it.
    words(&store, &seen, "core", &["connecting", "connected"]).await;
    assert_eq!(store.registry().metrics()[1].lanes.jobs, 3, "counted on");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_resets_at_once_are_one_and_the_operator_is_told() {
    let (store, _) = watched().await;
    let actions = store.registry().actions();
    let held = hold(store.database()).await;
    let first = actions.act("core/reset").unwrap();
    let others = async {
        until(|| store.database().state() == DatabaseState::Connecting).await;
        assert_eq!(
            actions.act("core/reset").unwrap().await,
            Err(ActError::Busy)
        );
        let meanwhile = all(store.database()).await;
        assert!(
            matches!(meanwhile, Err(StorageError::Unavailable { .. })),
            "{meanwhile:?}"
        );
        drop(held);
    };
    let (first, ()) = tokio::join!(first, others);
    let answer: serde_json::Value = first.unwrap().parse().unwrap();
    assert_eq!(
        (&answer["status"], &answer["condition"]),
        (&"ok".into(), &"connected".into())
    );
    assert!(actions.act("core/drop").is_none());
    assert!(actions.act("elsewhere/reset").is_none());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_goes_on_when_nobody_waits_for_it() {
    let (store, _) = watched().await;
    let held = hold(store.database()).await;
    let asked = store.registry().actions().act("core/reset").unwrap();
    let gave_up = tokio::time::timeout(Duration::from_millis(20), asked).await;
    assert!(gave_up.is_err());
    drop(held);
    until(|| store.database().state() == DatabaseState::Connected).await;
    assert!(all(store.database()).await.unwrap().is_empty());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_stopped_says_so_until_it_is_started() {
    let (store, seen) = watched().await;
    let place = Place::new().await;
    let other = store.registry().open(analytics(&place)).await.unwrap();
    store.registry().stop("analytics", DRAIN).await.unwrap();
    assert!(matches!(
        all(&other).await,
        Err(StorageError::Closed { .. })
    ));
    assert_eq!(databases(&store).state(), ProbeState::Degraded);
    store.run(Note(1, Manner::Well)).await.unwrap();
    store.registry().start("analytics").await.unwrap();
    store.registry().start("analytics").await.unwrap();
    assert_eq!(other.state(), DatabaseState::Connected);
    let told = [
        "connecting",
        "connected",
        "closed",
        "connecting",
        "connected",
    ];
    assert_eq!(words(&store, &seen, "analytics", &told).await, told);
    let unknown = store.registry().start("elsewhere").await;
    assert!(matches!(unknown, Err(ControlError::Unknown(_))));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_pointed_elsewhere_is_another_store_under_the_same_handle() {
    let epochs = Seen::<StoreEpochChanged>::new();
    let store = Store::with(|bus, _| epochs.watch(bus)).await;
    let (here, there) = (Place::new().await, Place::new().await);
    let database = store.registry().open(analytics(&here)).await.unwrap();
    let before = database.epoch();
    store
        .registry()
        .repoint(analytics(&there), DRAIN)
        .await
        .unwrap();
    assert_ne!(database.epoch(), before);
    until(|| !epochs.facts().is_empty()).await;
    assert_eq!(epochs.facts()[0].database, "analytics");
    store
        .registry()
        .repoint(analytics(&here), DRAIN)
        .await
        .unwrap();
    assert_eq!(database.epoch(), before);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_pointed_to_where_nothing_is_is_lost_and_can_be_pointed_back() {
    let (store, _) = watched().await;
    let place = Place::new().await;
    let database = store.registry().open(analytics(&place)).await.unwrap();
    let (_folder, _, nowhere) = unreachable();
    let refused = store.registry().repoint(nowhere, DRAIN).await;
    assert!(matches!(refused, Err(ControlError::Open(_))), "{refused:?}");
    assert_eq!(database.state(), DatabaseState::Lost);
    store
        .registry()
        .repoint(analytics(&place), DRAIN)
        .await
        .unwrap();
    assert_eq!(database.state(), DatabaseState::Connected);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_down_at_the_start_is_tried_until_it_comes() {
    let (store, seen) = watched().await;
    let (_folder, in_the_way, config) = unreachable();
    let database = known(&store, config);
    store.registry().initialise().await.unwrap();
    until(|| database.state() == DatabaseState::Lost).await;
    assert_eq!(databases(&store).state(), ProbeState::Degraded);
    let told = all(&database).await;
    assert!(
        matches!(told, Err(StorageError::Unavailable { .. })),
        "{told:?}"
    );
    let written = database.write(Note(1, Manner::Well), DRAIN).await;
    assert!(
        matches!(written, Err(StorageError::Unavailable { .. })),
        "{written:?}"
    );
    store.run(Note(1, Manner::Well)).await.unwrap();
    std::fs::remove_file(in_the_way).unwrap();
    until(|| database.state() == DatabaseState::Connected).await;
    let told = ["connecting", "lost", "recovered"];
    assert_eq!(words(&store, &seen, "analytics", &told).await, told);
    assert_eq!(databases(&store).state(), ProbeState::Ok);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_another_server_uses_is_waited_for() {
    let (store, _) = watched().await;
    let place = Place::new().await;
    let elsewhere = registry();
    elsewhere.open(analytics(&place)).await.unwrap();
    let database = known(&store, analytics(&place));
    store.registry().initialise().await.unwrap();
    until(|| database.state() == DatabaseState::Lost).await;
    let page = databases(&store).json();
    assert!(page.contains("is in use by"), "{page}");
    elsewhere.close(DRAIN).await;
    until(|| database.state() == DatabaseState::Connected).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_critical_one_that_is_down_stops_the_start() {
    let (_folder, _, mut config) = unreachable();
    config.critical = true;
    let registry = registry();
    registry.register(config);
    assert!(registry.initialise().await.is_err());
    registry.close(DRAIN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_tried_in_vain_is_given_up_at_the_end() {
    let (store, _) = watched().await;
    let (_folder, _, config) = unreachable();
    let database = known(&store, config);
    store.registry().initialise().await.unwrap();
    until(|| database.state() == DatabaseState::Lost).await;
    store.close().await;
    assert_eq!(database.state(), DatabaseState::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_explicit_default_wins() {
    let registry = registry();
    let name = |database: Option<Database>| database.map(|d| d.name().to_owned());
    let place = Place::new().await;
    registry.register(analytics(&place));
    assert_eq!(
        name(registry.database("default")).as_deref(),
        Some("analytics"),
        "the only one"
    );
    registry.register(place.config());
    assert_eq!(name(registry.database("default")).as_deref(), Some("core"));
    registry.make_default("analytics");
    assert_eq!(
        name(registry.database("default")).as_deref(),
        Some("analytics")
    );
    registry.close(DRAIN).await;
}

/// Returns the URL of a server that accepts connections and never answers; the port is closed when
/// the listener is dropped.
fn silent() -> (std::net::TcpListener, Url) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, postgres(&format!("postgres://{address}/core")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_a_silent_address() {
    let (store, _) = watched().await;
    let place = Place::new().await;
    let database = store.registry().open(analytics(&place)).await.unwrap();
    let (_listener, url) = silent();
    let nowhere = DatabaseConfig {
        url,
        ..analytics(&place)
    };
    let stopping = async {
        until(|| database.state() == DatabaseState::Connecting).await;
        let before = tokio::time::Instant::now();
        store.registry().close(DRAIN).await;
        before.elapsed()
    };
    let repointing = store.registry().repoint(nowhere, DRAIN);
    let (repointed, took) = tokio::join!(repointing, stopping);
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(repointed.is_err());
    assert_eq!(database.state(), DatabaseState::Closed);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_opens_nothing_that_was_closed_for_good_meanwhile() {
    let (store, _) = watched().await;
    let database = store.database().clone();
    let held = hold(&database).await;
    let letting_go = async {
        until(|| store.registry().database("core").is_none()).await;
        drop(held);
    };
    let closing = async {
        until(|| database.state() == DatabaseState::Connecting).await;
        tokio::join!(store.registry().close(DRAIN), letting_go);
    };
    let (reset, ()) = tokio::join!(store.registry().reset("core", DRAIN), closing);
    assert!(reset.is_err());
    assert_eq!(database.state(), DatabaseState::Closed);
    assert!(database.slot().current().is_none());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_found_in_the_moment_of_closing_does_not_outlast_it() {
    let (store, _) = watched().await;
    let (database, registry) = (store.database().clone(), store.registry().clone());
    let (slotted, parts) = (database.clone(), database.slot().current().unwrap());
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let telling = tokio::task::spawn_blocking(move || {
        let slot = slotted.slot();
        slot.contents().while_current(&parts, || {
            begun.send(()).unwrap();
            let end = std::time::Instant::now() + Duration::from_millis(300);
            while slot.state_tracker().state() != DatabaseState::Closed
                && std::time::Instant::now() < end
            {
                std::thread::yield_now();
            }
            slot.state_tracker().set(DatabaseState::Connected);
        });
    });
    has_begun.await.unwrap();
    registry.stop("core", DRAIN).await.unwrap();
    telling.await.unwrap();
    assert_eq!(database.state(), DatabaseState::Closed);
    store.close().await;
}
