//! Trials in which the second database is away; chat must not notice.

use crate::client::LIMIT;
use crate::faults::report::Report;
use crate::faults::scene::{Scene, Size};
use crate::second_database::SecondDatabase;
use crate::server::Server;
use crate::store::Store;
use std::time::Duration;
use tokio::time::Instant;

/// Away at the start, and available later.
pub async fn beside_hidden(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "second database down at the start";
    let beside = SecondDatabase::of(&store).await;
    let hidden = beside.hide();
    let mut scene = Scene::open(&store, fault, size, beside.settings()).await;
    scene.begins();
    tokio::time::sleep(lasting).await;
    says(scene.server(), "degraded").await;
    drop(hidden);
    scene.ends().await;
    says(scene.server(), "ok").await;
    unnoticed(scene).await
}

/// Available at the start, then silent, then back.
pub async fn beside_lost_later(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "second database falls silent later";
    let beside = SecondDatabase::of(&store).await;
    let mut scene = Scene::open(&store, fault, size, beside.settings()).await;
    says(scene.server(), "ok").await;
    let silence = beside.silence().await;
    scene.begins();
    tokio::time::sleep(lasting).await;
    says(scene.server(), "degraded").await;
    drop(silence);
    scene.ends().await;
    says(scene.server(), "ok").await;
    unnoticed(scene).await
}

/// Never available.
pub async fn beside_away(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "second database down for ever";
    let beside = SecondDatabase::of(&store).await;
    let _hidden = beside.hide();
    let mut scene = Scene::open(&store, fault, size, beside.settings()).await;
    scene.begins();
    tokio::time::sleep(lasting).await;
    scene.ends().await;
    says(scene.server(), "degraded").await;
    unnoticed(scene).await
}

async fn unnoticed(scene: Scene) -> Report {
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    report.disturbed_nobody()
}

/// Waits until the server reports this state. It first counts what was missed, beside a full load.
async fn says(server: &Server, word: &str) {
    let end = Instant::now() + LIMIT * 4;
    while server.api().get("/health").await.body != word {
        assert!(Instant::now() < end, "the server never reported {word}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
