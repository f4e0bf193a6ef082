//! Concurrent answers.

use crate::{AskError, Request, TraceId};
use std::future::Future;

/// A *concurrent* answer: beside every queue, under a semaphore of its own, no credit.
pub trait Reads<R: Request>: Send + Sync + 'static {
    /// Reads. Runs in the asker's own task under the time it gave.
    fn read(
        &self,
        request: R,
        trace: TraceId,
    ) -> impl Future<Output = Result<R::Answer, AskError>> + Send;
}
