//! A trial in which nothing reads the log.

use crate::faults::report::Report;
use crate::faults::scene::{Scene, Size};
use crate::settings::Settings;
use crate::store::Store;
use std::time::Duration;

/// Capacity of a pipe in bytes.
const PIPE: usize = 64 * 1024;

/// The log goes into a pipe that is full and stays full.
pub async fn blocked_log(store: Store, size: Size, lasting: Duration) -> Report {
    let fault = "the log's pipe full, nobody reads it";
    let chatty = Settings::default().with("PARLOR_LOG", "trace");
    let mut scene = Scene::open(&store, fault, size, chatty).await;
    let server = scene.server().clone();
    let before: usize = server.lines().iter().map(String::len).sum();
    assert!(before > PIPE, "it writes more than a pipe holds: {before}");
    server.stop_reading();
    scene.begins();
    tokio::time::sleep(lasting).await;
    server.read_on();
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    // Takes longer than a moment, since the queue must fill after the pipe.
    if size == Size::Long {
        server.logged("dropped log lines").await;
    }
    report.disturbed_nobody()
}
