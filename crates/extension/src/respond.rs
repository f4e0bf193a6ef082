//! Runs the answers of an extension on its own runtime.

use crate::cancel_on_drop::CancelOnDrop;
use crate::command::{Asked, Command, Respond};
use crate::{Cx, Declined};
use bus::{AskError, Reads, Tasks, TraceId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Answers a command in a task of its own on the extension's runtime, so that it cannot hold the
/// task of the connection that asked.
pub(crate) struct Responder<R> {
    respond: Arc<R>,
    cx: Cx,
    tasks: Tasks,
}

impl<R> Responder<R> {
    pub(crate) fn new(respond: R, cx: Cx, tasks: Tasks) -> Self {
        Self {
            respond: Arc::new(respond),
            cx,
            tasks,
        }
    }
}

impl<C: Command, R: Respond<C>> Reads<Asked<C>> for Responder<R> {
    async fn read(
        &self,
        asked: Asked<C>,
        trace: TraceId,
    ) -> Result<Result<C::Answer, Declined>, AskError> {
        let (sender, answer) = oneshot::channel();
        let (respond, cx) = (Arc::clone(&self.respond), self.cx.under(trace));
        let task = self.tasks.once(self.cx.name(), C::NAME, async move {
            let answer = respond.respond(asked, &cx).await;
            // Fails only if the client's time is over.
            let _ = sender.send(answer);
        });
        let _cancel = CancelOnDrop(task);
        // Dropped without an answer: it panicked, and the log says so.
        answer.await.map_err(|_| AskError::Failed)
    }
}
