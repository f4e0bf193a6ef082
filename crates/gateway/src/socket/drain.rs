//! The sockets' part of a graceful stop.

use crate::shared::Shared;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Clients that may come back per second.
const BACK_PER_S: u64 = 1000;
/// How long what was cut may take to notice.
const CUT_WITHIN: Duration = Duration::from_millis(200);

pub(crate) async fn drain(shared: &Shared, replies: Duration, goodbyes: Duration) {
    let sockets = &shared.sockets;
    sockets.drain();
    let by = Instant::now() + replies;
    let answered = async {
        sockets.all_answered().await;
        // What those commands caused is on its way to the sockets.
        shared.bus.quiet().await;
    };
    if timeout_at(by, answered).await.is_err() {
        tracing::warn!("commands were still under way when the sockets were closed");
    }
    let back_within_ms = (sockets.count() as u64 * 1000 / BACK_PER_S).max(1000);
    sockets.say_goodbye(|| rand::random_range(0..=back_within_ms));
    if timeout(goodbyes, sockets.empty()).await.is_ok() {
        return;
    }
    let left = sockets.all();
    tracing::warn!(sockets = left.len(), "cutting sockets that take nothing");
    for conn in left {
        conn.cut();
    }
    // Whoever is left is the task manager's.
    let _ = timeout(CUT_WITHIN, sockets.empty()).await;
}
