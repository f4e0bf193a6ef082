//! Migrations: once, forward, completely or not at all; stores of others stay untouched.

use super::notes::notes;
use super::open::{beside, registry};
use crate::backend::sqlite;
use crate::kit::Place;
use crate::prelude::*;
use crate::{DatabaseConfig, Migrations, OpenError, Registry, Url};
use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

pub(super) const META: &str =
    "CREATE TABLE storage_meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);";
const NOTES: &str =
    "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY); INSERT INTO notes VALUES (1);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_at_once_migrate_an_empty_database_once() {
    let place = Place::new().await;
    let (_folder, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        ("2026-01-02-000001_notes", NOTES),
    ]);
    let config = DatabaseConfig {
        migrations,
        ..place.config()
    };
    let runs = (0..8).map(|_| {
        tokio::task::spawn_blocking({
            let config = config.clone();
            let runtime = tokio::runtime::Handle::current();
            move || runtime.block_on(Registry::migrate(config))
        })
    });
    let mut applied: Vec<usize> = join_all(runs)
        .await
        .into_iter()
        .map(|run| run.unwrap().unwrap().len())
        .collect();
    applied.sort_unstable();
    assert_eq!(
        applied,
        [0, 0, 0, 0, 0, 0, 0, 2],
        "one of them migrated, the others found it done"
    );
    assert_eq!(rows(config).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_migration_leaves_the_old_schema() {
    let place = Place::new().await;
    let (_old, migrations) = schema(&[("2026-01-01-000001_store", META)]);
    let old = DatabaseConfig {
        migrations,
        ..place.config()
    };
    Registry::migrate(old.clone()).await.unwrap();
    let (_new, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        ("2026-01-02-000001_notes", NOTES),
        (
            "2026-01-03-000001_broken",
            "CREATE TABLE more (id BIGINT); NONSENSE;",
        ),
    ]);
    let new = DatabaseConfig {
        migrations,
        ..place.config()
    };
    let failed = registry().open(new).await;
    assert!(
        matches!(failed, Err(OpenError::Migration { .. })),
        "{:?}",
        failed.err()
    );
    let (_fixed, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        ("2026-01-02-000001_notes", NOTES),
    ]);
    let fixed = DatabaseConfig {
        migrations,
        ..place.config()
    };
    let applied = Registry::migrate(fixed.clone()).await.unwrap();
    assert_eq!(
        applied.len(),
        1,
        "the second was rolled back with the third"
    );
    assert_eq!(rows(fixed).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_migration_says_which_row_is_in_the_way() {
    let place = Place::new().await;
    let (_folder, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        (
            "2026-01-02-000001_names",
            "CREATE TABLE names (name TEXT); INSERT INTO names VALUES ('twice'), ('twice');
             CREATE UNIQUE INDEX one_each ON names (name);",
        ),
    ]);
    let failed = Registry::migrate(DatabaseConfig {
        migrations,
        ..place.config()
    })
    .await;
    let Err(OpenError::Migration { why, .. }) = failed else {
        panic!("it was applied")
    };
    assert!(why.contains("2026-01-02-000001_names"), "{why}");
    if matches!(place.url(), Url::Postgres(_)) {
        assert!(why.contains("(name)=(twice)"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_newer_than_the_program_is_refused() {
    let place = Place::new().await;
    let (_new, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        ("2026-01-02-000001_notes", NOTES),
    ]);
    Registry::migrate(DatabaseConfig {
        migrations,
        ..place.config()
    })
    .await
    .unwrap();
    let (_old, migrations) = schema(&[("2026-01-01-000001_store", META)]);
    let refused = registry()
        .open(DatabaseConfig {
            migrations,
            ..place.config()
        })
        .await;
    let Err(OpenError::Unusable { why, .. }) = refused else {
        panic!("it opened")
    };
    assert!(why.contains("20260102000001"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrating_beside_a_server_is_refused() {
    let place = Place::new().await;
    let server = registry();
    server.open(place.config()).await.unwrap();
    let refused = Registry::migrate(place.config()).await;
    assert!(
        matches!(refused, Err(OpenError::Locked { .. })),
        "{refused:?}"
    );
    server.close(Duration::from_secs(10)).await;
    Registry::migrate(place.config()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_database_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.db");
    let letter = b"Dear Parlor,\nI am not a database.\n".repeat(400);
    std::fs::write(&file, &letter).unwrap();
    refuse(&file).await;
    assert_eq!(std::fs::read(&file).unwrap(), letter);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_of_another_application_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for mode in ["DELETE", "WAL"] {
        let file = folder.path().join(format!("other {mode}?#.db"));
        let mut other = sqlite::connect(file.to_str().unwrap()).unwrap();
        let songs = "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Parlor')";
        other
            .batch_execute(&format!("PRAGMA journal_mode = {mode}; {songs}"))
            .unwrap();
        drop(other);
        let before = std::fs::read(&file).unwrap();
        refuse(&file).await;
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert!(!beside(&file, "-wal").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("core.db");
    let (_schema, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        ("2026-01-02-000001_notes", NOTES),
    ]);
    let config = DatabaseConfig::new("core", Url::Sqlite(file.clone()), migrations);
    Registry::migrate(config).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    for damage in [4096..whole.len(), 2000..4096, 100..120] {
        let mut damaged = whole.clone();
        damaged[damage].fill(0xA5);
        std::fs::write(&file, &damaged).unwrap();
        refuse(&file).await;
        assert_eq!(std::fs::read(&file).unwrap(), damaged);
    }
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    refuse(&file).await;
}

async fn refuse(file: &Path) {
    let (_schema, migrations) = schema(&[
        ("2026-01-01-000001_store", META),
        ("2026-01-02-000001_notes", NOTES),
    ]);
    let config = DatabaseConfig::new("core", Url::Sqlite(file.into()), migrations);
    for refused in [
        registry().open(config.clone()).await.err(),
        Registry::migrate(config).await.err(),
    ] {
        assert!(
            matches!(refused, Some(OpenError::Unusable { .. })),
            "{refused:?}"
        );
    }
}

/// Returns migrations for both databases, which are removed with the folder.
pub(super) fn schema(migrations: &[(&str, &str)]) -> (TempDir, Migrations) {
    let folder = tempfile::tempdir().unwrap();
    for (name, up) in migrations {
        for backend in ["sqlite", "postgres"] {
            let at: PathBuf = folder.path().join(backend).join(name);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join("up.sql"), up).unwrap();
        }
    }
    let migrations = Migrations::Folder(folder.path().into());
    (folder, migrations)
}

async fn rows(config: DatabaseConfig) -> i64 {
    let registry = registry();
    let database = registry.open(config).await.unwrap();
    let rows = database.read("storage.test_rows", |reader| {
        Box::pin(async move { Ok(query!(reader, |c| notes::table.count().get_result(c))?) })
    });
    let rows = rows.await.unwrap();
    registry.close(Duration::from_secs(10)).await;
    rows
}
