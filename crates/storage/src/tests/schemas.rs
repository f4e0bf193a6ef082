//! Databases of extensions: a file beside core's, or a PostgreSQL schema in core's database.

use super::migrate::{META, schema};
use super::notes::{Manner, Note, all, pool};
use super::open::registry;
use super::sql::Sql;
use crate::kit::{Place, Store, migrations};
use crate::prelude::*;
use crate::{Backend, Database, DatabaseConfig, Migrations, OpenError, Registry};
use crate::{PostgresUrl, StorageError, Url};
use bus::ProbeState;
use std::convert::Infallible;
use std::time::Duration;
use tempfile::TempDir;

const DRAIN: Duration = Duration::from_secs(10);

const NOTES: &str = "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY)";

/// Returns the migrations of a database of notes.
fn of_notes() -> (TempDir, Migrations) {
    schema(&[
        ("2026-01-01-000000_store", META),
        ("2026-01-02-000001_notes", NOTES),
    ])
}

/// Returns the configuration of an extension's database of notes at a place.
fn karma(place: &Place) -> (TempDir, DatabaseConfig) {
    let (folder, migrations) = of_notes();
    (folder, place.extension("karma", migrations))
}

/// Returns a store on a server, and the configuration of a schema in its database.
async fn store_and_karma() -> (Store, TempDir, DatabaseConfig) {
    let place = Place::on(Backend::Postgres).await;
    let (folder, karma) = karma(&place);
    let store = Store::at(place, |_, _| {}, |_, _| {}).await;
    (store, folder, karma)
}

async fn search_path(database: &Database) -> String {
    #[derive(QueryableByName)]
    struct Shown {
        #[diesel(sql_type = diesel::sql_types::Text)]
        path: String,
    }
    let shown = database.read("storage.test_path", |reader| {
        Box::pin(async move {
            let show = "SELECT array_to_string(current_schemas(true), ' ') AS path";
            Ok(query!(reader, |c| diesel::sql_query(show).get_result::<Shown>(c))?)
        })
    });
    shown.await.unwrap().path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_has_tables_of_its_own_beside_core() {
    let place = Place::new().await;
    let (_folder, karma) = karma(&place);
    let store = Store::at(place, |_, _| {}, |_, _| {}).await;
    super::notes::make_table(&store).await;
    let database = store.registry().open(karma.clone()).await.unwrap();
    let note = database.write(Note(1, Manner::Well), DRAIN).await;
    assert_eq!(note.unwrap(), Ok(1));
    store.run(Note(2, Manner::Well)).await.unwrap();
    assert_eq!(all(&database).await.unwrap(), [1]);
    assert_eq!(all(store.database()).await.unwrap(), [2]);
    assert_ne!(database.epoch(), store.database().epoch());
    let mut sql = Sql::on(&karma).await;
    let failure = sql.failure("SELECT name AS line FROM users").await;
    assert!(failure.contains("users"), "{failure}");
    store.registry().reset("karma", DRAIN).await.unwrap();
    assert_eq!(all(&database).await.unwrap(), [1]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_works_in_the_schema_alone() {
    let (store, _folder, karma) = store_and_karma().await;
    let database = store.registry().open(karma.clone()).await.unwrap();
    assert_eq!(search_path(&database).await, "pg_catalog karma");
    assert_eq!(search_path(store.database()).await, "pg_catalog public");
    let mut sql = Sql::on(store.config()).await;
    let end = "SELECT pg_terminate_backend(pid)::text AS line FROM pg_stat_activity
        WHERE application_name = 'parlor karma' AND datname = current_database()";
    assert!(!sql.lines(end).await.is_empty());
    assert_eq!(search_path(&database).await, "pg_catalog karma");
    let before = pool(&database);
    store.registry().reset("karma", DRAIN).await.unwrap();
    assert!(!std::sync::Arc::ptr_eq(&before, &pool(&database)));
    assert_eq!(search_path(&database).await, "pg_catalog karma");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_schema_are_one_too_many() {
    let (store, _folder, karma) = store_and_karma().await;
    store.registry().open(karma.clone()).await.unwrap();
    let refused = registry().open(karma.clone()).await.err().unwrap();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    let text = refused.to_string();
    let holder = format!("parlor karma, process {}", std::process::id());
    assert!(text.contains(&holder), "{text}");
    assert!(text.contains("schema karma"), "{text}");
    let migrated = Registry::migrate(karma.clone()).await;
    assert!(
        matches!(migrated, Err(OpenError::Locked { .. })),
        "{migrated:?}"
    );
    let (_other, migrations) = of_notes();
    let other = DatabaseConfig {
        name: "greeter".to_owned(),
        schema: Some("greeter".to_owned()),
        migrations,
        ..karma.clone()
    };
    let beside = registry();
    beside.open(other).await.unwrap();
    beside.close(DRAIN).await;
    store.registry().stop("karma", DRAIN).await.unwrap();
    let next = registry();
    next.open(karma).await.unwrap();
    next.close(DRAIN).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_a_schema_holds_the_lock_that_it_always_held() {
    let (store, _folder, karma) = store_and_karma().await;
    store.registry().open(karma).await.unwrap();
    let mut sql = Sql::on(store.config()).await;
    let held = "SELECT objid::text AS line FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 1885434476 AND objsubid = 2 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ORDER BY objid";
    let held = sql.lines(held).await;
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!(held[0], "1");
    store.close().await;
}

/// A job that needs one lock.
struct Locking(i64);

impl Job for Locking {
    const NAME: &'static str = "storage.test_lock";
    const LOCKS: bool = true;
    const STATES: bool = false;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(7)
    }

    async fn locks(&self, _tx: &mut Writer<'_>) -> Result<Vec<i64>, Fault> {
        Ok(vec![self.0])
    }

    async fn run(&self, _tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_locks_of_jobs_are_those_of_one_database() {
    let (store, _folder, karma) = store_and_karma().await;
    let database = store.registry().open(karma).await.unwrap();
    let mut sql = Sql::on(store.config()).await;
    sql.run("SELECT pg_advisory_lock(41)").await;
    let within = Duration::from_secs(1);
    let of_core = store.database().write(Locking(41), within).await;
    assert!(of_core.is_err(), "somebody holds it");
    database.write(Locking(41), DRAIN).await.unwrap().unwrap();
    sql.run("SELECT pg_advisory_unlock(41)").await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_first_migration_leaves_no_schema() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, migrations) = schema(&[
        ("2026-01-01-000000_store", META),
        ("2026-01-02-000001_broken", "NONSENSE"),
    ]);
    let config = place.extension("karma", migrations);
    let failed = Registry::migrate(config.clone()).await;
    assert!(
        matches!(failed, Err(OpenError::Migration { .. })),
        "{failed:?}"
    );
    let mut sql = Sql::on(&place.config()).await;
    let schemas = "SELECT nspname::text AS line FROM pg_namespace WHERE nspname = 'karma'";
    assert!(sql.lines(schemas).await.is_empty());
}

/// Returns the configuration with a role that has no rights, and its name.
async fn as_stranger(config: &DatabaseConfig) -> (DatabaseConfig, String) {
    let role = format!("stranger_{:016x}", rand::random::<u64>());
    let core = DatabaseConfig {
        schema: None,
        ..config.clone()
    };
    let mut sql = Sql::on(&core).await;
    sql.run(&format!("CREATE ROLE {role} LOGIN")).await;
    let Url::Postgres(url) = &config.url else {
        panic!("it is on a server")
    };
    let url = url.as_str().replacen("parlor@", &format!("{role}@"), 1);
    let url = Url::Postgres(PostgresUrl::parse(&url).unwrap());
    (
        DatabaseConfig {
            url,
            ..config.clone()
        },
        role,
    )
}

fn says(refused: Result<Vec<String>, OpenError>, words: &[&str]) {
    let Err(error @ OpenError::Unusable { .. }) = refused else {
        panic!("{refused:?}")
    };
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_create_the_schema_is_told_what_it_needs() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, config) = karma(&place);
    let (stranger, role) = as_stranger(&config).await;
    let create = format!("CREATE SCHEMA karma AUTHORIZATION {role}");
    let words = [
        "CREATE on the database",
        &create,
        "KARMA_DB_URL",
        "DATABASES",
    ];
    says(Registry::migrate(stranger.clone()).await, &words);
    let mut sql = Sql::on(&place.config()).await;
    sql.run("CREATE SCHEMA karma").await;
    let grant = format!("GRANT USAGE, CREATE ON SCHEMA karma TO {role}");
    says(Registry::migrate(stranger.clone()).await, &[&grant]);
    sql.run("DROP SCHEMA karma").await;
    sql.run(&create).await;
    let applied = Registry::migrate(stranger).await.unwrap();
    assert_eq!(applied.len(), 2, "without the right to create schemas");
    sql.run(&format!("DROP SCHEMA karma CASCADE; DROP ROLE {role}"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_owns_no_table_of_the_schema_is_told_whose_they_are() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, config) = karma(&place);
    Registry::migrate(config.clone()).await.unwrap();
    let (stranger, role) = as_stranger(&config).await;
    let mut sql = Sql::on(&place.config()).await;
    sql.run(&format!("GRANT USAGE, CREATE ON SCHEMA karma TO {role}"))
        .await;
    let remedy = format!("ALTER TABLE karma.notes OWNER TO {role}");
    says(Registry::migrate(stranger).await, &[&remedy]);
    sql.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_core_would_find_is_refused() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, config) = karma(&place);
    let named = |name: &str| DatabaseConfig {
        schema: Some(name.to_owned()),
        ..config.clone()
    };
    for (name, word) in [
        ("public", "for itself"),
        ("pg_karma", "for itself"),
        ("information_schema", "for itself"),
        ("Karma", "expected a name"),
        ("karma; DROP TABLE users", "expected a name"),
        // The role of the tests.
        ("parlor", "search_path"),
    ] {
        says(Registry::migrate(named(name)).await, &[word]);
    }
    let mut sql = Sql::on(&place.config()).await;
    let schemas = "SELECT nspname::text AS line FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'";
    assert_eq!(sql.lines(schemas).await, ["public"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_with_tables_of_others_stays_as_it_is() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, config) = karma(&place);
    let mut sql = Sql::on(&place.config()).await;
    sql.run("CREATE SCHEMA karma; CREATE TABLE karma.songs (title TEXT)")
        .await;
    says(Registry::migrate(config).await, &["another application"]);
    let tables = "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'karma'";
    assert_eq!(sql.lines(tables).await, ["songs"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_does_not_wait_for_an_extension_and_the_operator_sees_it_by_name() {
    let place = Place::new().await;
    let (_folder, broken) = schema(&[
        ("2026-01-01-000000_store", META),
        ("2026-01-02-000001_broken", "NONSENSE"),
    ]);
    let karma = place.extension("karma", broken);
    assert!(!karma.critical);
    let store = Store::at(place, |_, _| {}, |_, _| {}).await;
    store.registry().register(karma);
    store.registry().initialise().await.unwrap();
    assert!(store.registry().why_not_open().is_empty());
    let database = store.registry().database("karma").unwrap();
    super::faults::until(|| database.state() == crate::DatabaseState::Lost).await;
    let probes = store.registry().probes();
    assert_eq!(probes[0].state(), ProbeState::Degraded);
    let json: serde_json::Value = probes[0].json().parse().unwrap();
    let (core, karma) = (&json["databases"]["core"], &json["databases"]["karma"]);
    assert_eq!(
        (&core["status"], &karma["status"]),
        (&"ok".into(), &"degraded".into())
    );
    assert!(karma["cause"].as_str().unwrap().contains("000001_broken"));
    let pools: serde_json::Value = probes[1].json().parse().unwrap();
    assert_eq!(pools["databases"]["core"]["healthy"], true);
    assert_eq!(pools["databases"]["karma"]["healthy"], false);
    assert_eq!(pools["databases"]["karma"]["max"], 5);
    let read = all(&database).await;
    let Err(StorageError::Unavailable { database, .. }) = read else {
        panic!("{read:?}")
    };
    assert_eq!(database, "karma");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_opens_behind_a_pooler_in_session_mode() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, config) = karma(&place);
    let Url::Postgres(url) = place.url() else {
        panic!("it is on a server")
    };
    let (_, database) = url.as_str().rsplit_once('/').unwrap();
    let bouncer = fixtures::PgBouncer::new(fixtures::Postgres::shared(), "session", 30);
    let pooled = |config: DatabaseConfig| DatabaseConfig {
        url: Url::Postgres(PostgresUrl::parse(&bouncer.url(database)).unwrap()),
        ..config
    };
    let registry = registry();
    let core = DatabaseConfig {
        migrations: migrations("core"),
        ..place.config()
    };
    let core = registry.open(pooled(core)).await.unwrap();
    let karma = registry.open(pooled(config)).await.unwrap();
    assert_eq!(search_path(&karma).await, "pg_catalog karma");
    assert_eq!(search_path(&core).await, "pg_catalog public");
    // A session that the pooler hands on keeps no schema.
    registry.stop("karma", DRAIN).await.unwrap();
    registry.reset("core", DRAIN).await.unwrap();
    assert_eq!(search_path(&core).await, "pg_catalog public");
    registry.close(DRAIN).await;
}
