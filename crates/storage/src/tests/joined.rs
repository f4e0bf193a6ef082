//! Migrations in several lists: those of every extension, then those of one.

use super::migrate::{META, schema};
use super::sql::Sql;
use crate::kit::{Place, migrations};
use crate::{Backend, DatabaseConfig, Migrations, OpenError, Registry};

/// Returns the lists of analytics as an extension has them.
fn joined() -> Migrations {
    Migrations::Joined(vec![migrations("extension"), migrations("analytics")])
}

/// What a database consists of, in an order that does not depend on its history.
const OF_FILE: &str = "SELECT coalesce(sql, name) AS line FROM sqlite_schema ORDER BY type, name";

const OF_SCHEMA: &str = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable,
            collation_name, column_default) AS line
        FROM information_schema.columns WHERE table_schema = current_schema()
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = to_regnamespace(current_schema())
    ORDER BY 1";

async fn contents(config: &DatabaseConfig) -> Vec<String> {
    let query = match config.url.backend() {
        Backend::Sqlite => OF_FILE,
        Backend::Postgres => OF_SCHEMA,
    };
    Sql::on(config).await.lines(query).await
}

async fn refused(config: DatabaseConfig) -> String {
    let refused = Registry::migrate(config).await;
    refused.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_database_and_a_new_one_come_to_the_same_schema() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let place = Place::on(backend).await;
        let config = place.extension("analytics", joined());
        Registry::migrate(config.clone()).await.unwrap();
        let new = contents(&config).await;

        let place = Place::on(backend).await;
        let old = place.extension("analytics", migrations("analytics"));
        Registry::migrate(old.clone()).await.unwrap();
        let mut sql = Sql::on(&old).await;
        sql.run("INSERT INTO cursors VALUES (7, 'lounge', 9)").await;
        let epoch = "SELECT value AS line FROM storage_meta WHERE key = 'epoch'";
        let before = sql.lines(epoch).await;
        let config = DatabaseConfig {
            migrations: joined(),
            ..old
        };
        let applied = Registry::migrate(config.clone()).await.unwrap();
        let added = ["20260101000000", "20260101000001", "20260101000002"];
        assert_eq!(applied, added);
        assert!(Registry::migrate(config.clone()).await.unwrap().is_empty());
        assert_eq!(contents(&config).await, new);
        assert!(
            new.iter().any(|line| line.contains("room_hours")),
            "{new:?}"
        );
        assert_eq!(sql.lines(epoch).await, before, "it keeps its epoch");
        let cursor = "SELECT key AS line FROM cursors WHERE room_id = 7 AND seq = 9";
        assert_eq!(sql.lines(cursor).await, ["lounge"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_the_tables_of_every_extension_alone_opens() {
    let place = Place::new().await;
    let config = place.extension("greeter", migrations("extension"));
    let registry = super::open::registry();
    let database = registry.open(config).await.unwrap();
    assert!(database.epoch().len() >= 32);
    registry.close(std::time::Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_comes_after_the_one_before_it_whatever_its_dates() {
    let place = Place::new().await;
    let (_folder, own) = schema(&[(
        "2001-01-01-000001_marks",
        "INSERT INTO sources VALUES ('seed', 'x')",
    )]);
    let lists = Migrations::Joined(vec![migrations("extension"), own]);
    let config = place.extension("karma", lists);
    let applied = Registry::migrate(config).await.unwrap();
    assert_eq!(applied.last().unwrap(), "20010101000001");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_stands_twice_is_named() {
    let place = Place::new().await;
    let (_folder, own) = schema(&[("2026-01-01-000000_mine", "SELECT 1")]);
    let lists = Migrations::Joined(vec![migrations("extension"), own]);
    let why = refused(place.extension("karma", lists)).await;
    for word in [
        "20260101000000",
        "2026-01-01-000000_store",
        "2026-01-01-000000_mine",
    ] {
        assert!(why.contains(word), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_for_the_other_backend_alone_are_a_mistake() {
    let place = Place::new().await;
    let (folder, own) = schema(&[("2026-01-02-000001_notes", "SELECT 1")]);
    let missing = match place.url().backend() {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    };
    let list = folder.path().join(missing);
    let lists = Migrations::Joined(vec![migrations("extension"), own]);
    let config = place.extension("karma", lists);
    std::fs::remove_dir_all(list.join("2026-01-02-000001_notes")).unwrap();
    let why = refused(config.clone()).await;
    assert!(why.contains("there are no migrations for"), "{why}");
    assert!(why.contains(list.to_str().unwrap()), "{why}");
    std::fs::remove_dir(&list).unwrap();
    assert_eq!(refused(config).await, why);
    let nowhere = Migrations::Folder(folder.path().join("nowhere"));
    let why = refused(place.extension("karma", nowhere)).await;
    assert!(why.contains("nowhere: there is no such folder"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_refused_to_programs_that_do_not_know_all_its_lists() {
    let place = Place::new().await;
    let (_folder, own) = schema(&[("2026-01-02-000001_notes", NOTES)]);
    let lists = Migrations::Joined(vec![migrations("extension"), own]);
    let config = place.extension("karma", lists);
    Registry::migrate(config.clone()).await.unwrap();
    let unaware = DatabaseConfig {
        migrations: migrations("extension"),
        ..config.clone()
    };
    let why = refused(unaware).await;
    assert!(why.contains("newer than this program"), "{why}");
    assert!(why.contains("20260102000001"), "{why}");
    let (_another, other) = schema(&[("2026-03-01-000001_store", META)]);
    let stranger = DatabaseConfig {
        migrations: other,
        ..config
    };
    let error = Registry::migrate(stranger).await.unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("another database"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_of_an_extension_is_refused_to_another_with_the_same_migrations() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let place = Place::on(backend).await;
        let greeter = place.extension("greeter", joined());
        Registry::migrate(greeter.clone()).await.unwrap();
        for lists in [joined(), Migrations::Joined(vec![migrations("extension")])] {
            let karma = DatabaseConfig {
                name: "karma".to_owned(),
                migrations: lists,
                ..greeter.clone()
            };
            let error = Registry::migrate(karma).await.unwrap_err();
            assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
            let why = "of another database: of greeter, not of karma";
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(Registry::migrate(greeter).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_a_name_gets_that_of_its_database() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let place = Place::on(backend).await;
        let config = place.extension("analytics", joined());
        Registry::migrate(config.clone()).await.unwrap();
        let mut sql = Sql::on(&config).await;
        sql.run("DELETE FROM storage_meta WHERE key = 'name'").await;
        assert!(Registry::migrate(config.clone()).await.unwrap().is_empty());
        let name = "SELECT value AS line FROM storage_meta WHERE key = 'name'";
        assert_eq!(sql.lines(name).await, ["analytics"], "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_for_the_backend_in_use_alone_is_enough_to_name_a_withheld_table() {
    let place = Place::on(Backend::Postgres).await;
    let (folder, own) = schema(&[("2026-01-02-000001_notes", NOTES)]);
    std::fs::remove_dir_all(folder.path().join("sqlite")).unwrap();
    let lists = Migrations::Joined(vec![migrations("extension"), own]);
    let config = place.extension("karma", lists);
    let own = crate::migrate::own_tables(&config).await.unwrap();
    assert!(own.contains("sources") && !own.contains("notes"), "{own:?}");
    Registry::migrate(config).await.unwrap();
}

const NOTES: &str = "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY)";
