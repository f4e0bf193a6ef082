//! The sockets of mounts, which speak another protocol: the server's stop says goodbye to them and waits
//! for them.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

#[derive(Default)]
pub(crate) struct ForeignSockets {
    goodbye: CancellationToken,
    open: TaskTracker,
}

impl ForeignSockets {
    /// Counts a socket until the guard is dropped.
    pub(crate) fn enter(&self) -> TaskTrackerToken {
        self.open.token()
    }

    /// Returns what is cancelled when the sockets have to close.
    pub(crate) fn goodbye(&self) -> CancellationToken {
        self.goodbye.clone()
    }

    /// Asks all sockets to close, also those that are opened later.
    pub(crate) fn say_goodbye(&self) {
        self.goodbye.cancel();
        self.open.close();
    }

    /// Resolves when no socket is open, after [`ForeignSockets::say_goodbye`].
    pub(crate) async fn wait_until_empty(&self) {
        self.open.wait().await;
    }
}
