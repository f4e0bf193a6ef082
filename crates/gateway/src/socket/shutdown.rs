//! The sockets' part of a graceful stop, in two steps.

use crate::connection::Registry;
use crate::shared::Shared;
use std::time::Duration;
use tokio::time::timeout;

/// Clients that may come back per second.
const BACK_PER_S: u64 = 1000;
/// How long what was cut may take to notice; a part of what the goodbyes may take.
const CUT_WITHIN: Duration = Duration::from_millis(200);

/// No more commands are read, and those read get their reply. Returns how many have none.
pub(crate) async fn finish_commands(shared: &Shared, within: Duration) -> usize {
    let sockets = &shared.sockets;
    sockets.drain();
    let answered = async {
        sockets.wait_until_answered().await;
        // What those commands caused is on its way to the sockets.
        shared.bus.quiet().await;
    };
    // What is left is told so with the goodbyes.
    let _ = timeout(within, answered).await;
    sockets.unanswered()
}

/// Each socket is flushed, told `bye` and closed 1012; one that takes nothing is cut. Returns how
/// many have not even noticed that.
pub(crate) async fn say_goodbye(shared: &Shared, within: Duration) -> usize {
    let sockets = &shared.sockets;
    let open = sockets.count();
    let back_within_ms = (open as u64 * 1000 / BACK_PER_S).max(1000);
    sockets.say_goodbye(|| rand::random_range(0..=back_within_ms));
    let taken = timeout(
        within.saturating_sub(CUT_WITHIN),
        sockets.wait_until_empty(),
    )
    .await;
    let cut = if taken.is_err() {
        cut(sockets).await
    } else {
        0
    };
    tracing::info!(open, cut, back_within_ms, "sockets have been closed");
    sockets.count()
}

/// Breaks off what is still there. Returns how many that were.
async fn cut(sockets: &Registry) -> usize {
    let left = sockets.all();
    for conn in &left {
        conn.abort();
    }
    let _ = timeout(CUT_WITHIN, sockets.wait_until_empty()).await;
    left.len()
}
