//! Runs a part of a caller's work as a task, where it does not depend on who polls the caller.

use crate::{Task, Tasks};
use std::future::Future;
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

/// Runs `work` as a task and waits for its result. Cancels it if the caller stops waiting. Returns `None`
/// if the task was dropped before its end, because the tasks or their runtime are being stopped.
pub(crate) async fn in_task<T: Send + 'static>(
    tasks: &Tasks,
    (owner, name): (&'static str, &'static str),
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (sender, result) = oneshot::channel();
    let work = async move {
        // Fails only if the caller has gone.
        let _ = sender.send(work.await);
    };
    let task = tasks.once(owner, name, work.instrument(Span::current()));
    let _running = CancelOnDrop(task);
    result.await.ok()
}

/// Cancels a task when dropped.
struct CancelOnDrop(Task);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
