//! The sockets' part of a graceful shutdown, in two steps.

use crate::connection::OpenSockets;
use crate::shared::Shared;
use std::time::Duration;
use tokio::time::timeout;

/// Clients that may reconnect per second.
const RECONNECTS_PER_S: u64 = 1000;
/// How long an aborted connection's task may take to end; a part of the time for goodbyes.
const ABORT_WITHIN: Duration = Duration::from_millis(200);

/// Stops the reading of commands and waits for the replies to those already read, on sockets and over
/// HTTP. Returns how many have no reply when the time is over.
pub(crate) async fn finish_commands(shared: &Shared, within: Duration) -> usize {
    let sockets = &shared.sockets;
    sockets.drain();
    let answered = async {
        sockets.wait_until_answered().await;
        // Extensions may flood it, so that it would never be quiet.
        shared.bus.close_bounded();
        // The events of those commands are still on their way to the sockets.
        shared.bus.quiet().await;
    };
    // Commands left get an error with the goodbye.
    let _ = timeout(within, answered).await;
    sockets.unanswered()
}

/// Flushes each socket, sends `bye` and closes with 1012; aborts a socket whose client reads nothing.
/// Returns how many had to be aborted.
pub(crate) async fn say_goodbye(shared: &Shared, within: Duration) -> usize {
    let sockets = &shared.sockets;
    let open = sockets.count();
    let back_within_ms = (open as u64 * 1000 / RECONNECTS_PER_S).max(1000);
    sockets.say_goodbye(|| rand::random_range(0..=back_within_ms));
    shared.foreign_sockets.say_goodbye();
    let all_closed = async {
        sockets.wait_until_empty().await;
        // Those that pass the goodbye on have had it by now.
        shared.foreign_sockets.wait_until_empty().await;
    };
    let taken = timeout(within.saturating_sub(ABORT_WITHIN), all_closed).await;
    let cut = if taken.is_err() {
        abort_all(sockets).await
    } else {
        0
    };
    tracing::info!(open, cut, back_within_ms, "closed the open sockets");
    cut
}

/// Aborts the sockets that are still open and returns their number.
async fn abort_all(sockets: &OpenSockets) -> usize {
    let left = sockets.all();
    for conn in &left {
        conn.abort();
    }
    let _ = timeout(ABORT_WITHIN, sockets.wait_until_empty()).await;
    left.len()
}
