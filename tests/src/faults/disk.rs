//! Trials in which the disk is full or fails.

use crate::failing_disk::FailingDisk;
use crate::faults::report::Report;
use crate::faults::scene::{Scene, Size};
use crate::settings::Settings;
use crate::store::{Kind, Store};
use std::time::Duration;

/// Exit code of a process that may have lost written data.
const POISONED: Option<i32> = Some(4);

/// The disk is full, and later has space again. The store must be on a small disk.
pub async fn full_disk(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "disk full, and freed";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    scene.begins();
    let full = store.disk().fill();
    while scene.lasts() < lasting {
        tokio::time::sleep(Duration::from_millis(20)).await;
        full.again();
    }
    scene.is_told(no_room(store.kind())).await;
    drop(full);
    scene.ends().await;
    scene.is_over().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.refused_some()
}

/// Returns what the operator sees. PostgreSQL may have ended, for lack of space for its log.
fn no_room(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "database or disk is full",
        Kind::Postgres => "",
    }
}

/// Every sync fails: the process exits with its own code, and a supervisor restarts it on a healthy
/// disk, which ends the fault.
pub async fn failed_sync(store: Store, size: Size) -> Report {
    let fault = "fsync fails; started again by its supervisor";
    let mut scene = Scene::open(&store, fault, size, Settings::default()).await;
    let server = scene.server().clone();
    scene.begins();
    let disk = FailingDisk::under(&server).await;
    let exit = server.ended().await;
    let log = exit.lines.join("\n");
    assert_eq!(exit.code, POISONED, "{log}");
    assert!(log.contains("what was written may be lost"), "{log}");
    drop(disk);
    scene.ends_with_a_start().await;
    scene.close().await.kept_its_word().lost_some_connections()
}
