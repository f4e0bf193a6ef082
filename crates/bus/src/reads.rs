//! Answers that run concurrently with the events.

use crate::{AskError, Request, TraceId};
use std::future::Future;

/// Answers a request *concurrently*: outside the queues, without a credit, bounded by a semaphore.
pub trait Reads<R: Request>: Send + Sync + 'static {
    /// Reads. Runs within the caller's time limit, in the caller's task unless it was added with
    /// [`Builder::reads_on`](crate::Builder::reads_on).
    fn read(
        &self,
        request: R,
        trace: TraceId,
    ) -> impl Future<Output = Result<R::Answer, AskError>> + Send;
}
