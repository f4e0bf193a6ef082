//! Nobody reads the log.

use crate::faults::report::Report;
use crate::faults::scene::{Scene, Size};
use crate::settings::Settings;
use crate::store::Store;
use std::time::Duration;

/// What a pipe holds before its writer has to wait.
const PIPE: usize = 64 * 1024;

/// The log goes into a pipe that is full, and stays so.
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
    // A moment is not enough to fill the queue before the pipe as well.
    if size == Size::Long {
        server.logged("dropped log lines").await;
    }
    report.disturbed_nobody()
}
