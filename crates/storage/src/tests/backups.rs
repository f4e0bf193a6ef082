//! Backups, restores and new epochs of databases other than core.

use super::migrate::{META, schema};
use super::open::{beside, registry};
use super::sql::Sql;
use crate::backup::{BackupError, FileCopy, Restore, Watermark, new_epoch};
use crate::kit::{Place, migrations};
use crate::{Backend, DatabaseConfig, Migrations, OpenError, Registry, Url};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

const DRAIN: Duration = Duration::from_secs(10);

/// Returns the configuration of a database of notes, with one note in it.
async fn karma(place: &Place, watermark: Option<Watermark>) -> (TempDir, DatabaseConfig) {
    let (folder, own) = schema(&[(
        "2026-02-01-000001_notes",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)",
    )]);
    let lists = Migrations::Joined(vec![migrations("extension"), own]);
    let config = DatabaseConfig {
        watermark,
        ..place.extension("karma", lists)
    };
    Registry::migrate(config.clone()).await.unwrap();
    let mut sql = Sql::on(&config).await;
    sql.run("INSERT INTO notes VALUES (1, 'kept')").await;
    (folder, config)
}

fn file(config: &DatabaseConfig) -> PathBuf {
    match &config.url {
        Url::Sqlite(file) => file.clone(),
        Url::Postgres(_) => panic!("it is a file"),
    }
}

async fn bodies(config: &DatabaseConfig) -> Vec<String> {
    let bodies = "SELECT body AS line FROM notes ORDER BY id";
    Sql::on(config).await.lines(bodies).await
}

async fn stored_epoch(config: &DatabaseConfig) -> String {
    let epoch = "SELECT value AS line FROM storage_meta WHERE key = 'epoch'";
    Sql::on(config).await.lines(epoch).await.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_backed_up_while_it_is_served_and_restored_with_or_without_a_watermark() {
    for watermark in [None, Some(Watermark::new("notes"))] {
        let place = Place::on(Backend::Sqlite).await;
        let (_folder, config) = karma(&place, watermark).await;
        let backup = file(&config).with_file_name("backup.db");
        let server = registry();
        let epoch = server.open(config.clone()).await.unwrap().epoch();
        let copy = FileCopy::new(&config, &backup).unwrap();
        tokio::task::spawn_blocking(|| copy.run())
            .await
            .unwrap()
            .unwrap();
        let refused = Restore::new(&config, &backup).unwrap().run().await;
        let locked = matches!(refused, Err(BackupError::Open(OpenError::Locked { .. })));
        assert!(locked, "{refused:?}");
        server.close(DRAIN).await;
        Sql::on(&config)
            .await
            .run("UPDATE notes SET body = 'lost'; INSERT INTO notes VALUES (2, 'lost')")
            .await;

        let restored = Restore::new(&config, &backup).unwrap().run().await.unwrap();
        assert_eq!(bodies(&config).await, ["kept"]);
        assert_ne!(restored.epoch, epoch);
        let kept = DatabaseConfig {
            url: Url::Sqlite(restored.kept.unwrap()),
            ..config.clone()
        };
        assert_eq!(bodies(&kept).await, ["lost", "lost"]);
        let marked = beside(&file(&config), ".mark").exists();
        assert_eq!(marked, watermark.is_some());
        let server = registry();
        let database = server.open(config).await.unwrap();
        assert_eq!(database.epoch(), restored.epoch, "nothing went back");
        server.close(DRAIN).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_another_database_is_not_restored() {
    let place = Place::on(Backend::Sqlite).await;
    let (_folder, config) = karma(&place, None).await;
    let core = place.config();
    Registry::migrate(core.clone()).await.unwrap();
    let refused = Restore::new(&config, &file(&core)).unwrap().run().await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("another database"), "{text}");
    assert_eq!(bodies(&config).await, ["kept"]);
    let (_older, migrations) = schema(&[("2026-01-01-000000_store", META)]);
    let older = DatabaseConfig {
        migrations,
        ..place.config()
    };
    let refused = Restore::new(&older, &file(&config)).unwrap().run().await;
    assert!(matches!(refused, Err(BackupError::Open(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_epoch_is_that_of_one_database() {
    for watermark in [None, Some(Watermark::new("notes"))] {
        let place = Place::new().await;
        let core = place.config();
        Registry::migrate(core.clone()).await.unwrap();
        let (_folder, config) = karma(&place, watermark).await;
        let of_core = stored_epoch(&core).await;
        let former = stored_epoch(&config).await;
        let server = registry();
        server.open(config.clone()).await.unwrap();
        let refused = new_epoch(&config).await;
        let locked = matches!(refused, Err(BackupError::Open(OpenError::Locked { .. })));
        assert!(locked, "{refused:?}");
        server.close(DRAIN).await;
        let renewed = new_epoch(&config).await.unwrap();
        assert_ne!(renewed, former);
        assert_eq!(stored_epoch(&config).await, renewed);
        assert_eq!(stored_epoch(&core).await, of_core);
        let server = registry();
        let database = server.open(config).await.unwrap();
        assert!(database.epoch().starts_with(&renewed), "it stays");
        server.close(DRAIN).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_backed_up_by_the_tools_of_the_server() {
    let place = Place::on(Backend::Postgres).await;
    let (_folder, config) = karma(&place, None).await;
    let target = tempfile::tempdir().unwrap();
    let backup = target.path().join("backup.db");
    let refused = FileCopy::new(&config, &backup).err().unwrap();
    assert!(
        matches!(refused, BackupError::NotEmbedded { .. }),
        "{refused}"
    );
    let refused = Restore::new(&config, &backup).err().unwrap();
    assert!(
        matches!(refused, BackupError::NotEmbedded { .. }),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_an_extension_with_the_same_migrations_is_not_restored() {
    let place = Place::on(Backend::Sqlite).await;
    let (_folder, config) = karma(&place, None).await;
    let lists = Migrations::Joined(vec![migrations("extension")]);
    let greeter = place.extension("greeter", lists);
    Registry::migrate(greeter.clone()).await.unwrap();
    let restore = Restore::new(&config, &file(&greeter)).unwrap();
    let why = restore.run().await.unwrap_err().to_string();
    assert!(why.contains("of greeter, not of karma"), "{why}");
    assert_eq!(bodies(&config).await, ["kept"]);
}
