//! Runs concurrent reads in the caller's task, bounded by a semaphore.

use crate::runtime::panics::caught;
use crate::{AskError, Reads, Request, TraceId};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// The retry hint for a read that timed out; it has written nothing.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A type-erased [`Reads`].
pub(crate) trait AnyReads<R: Request>: Send + Sync {
    fn read(&self, request: R, trace: TraceId) -> BoxFuture<'_, Result<R::Answer, AskError>>;
}

impl<R: Request, A: Reads<R>> AnyReads<R> for A {
    fn read(&self, request: R, trace: TraceId) -> BoxFuture<'_, Result<R::Answer, AskError>> {
        Box::pin(Reads::read(self, request, trace))
    }
}

/// The answerer of one type of request, and the permits that it shares with others.
pub(crate) struct Reader {
    permits: Arc<Semaphore>,
    /// An `Arc<dyn AnyReads<R>>` for the `R` under which this is registered; `None` once closed.
    answerer: RwLock<Option<Box<dyn Any + Send + Sync>>>,
}

impl Reader {
    pub(crate) fn new<R: Request>(permits: Arc<Semaphore>, answerer: Arc<dyn AnyReads<R>>) -> Self {
        let answerer = RwLock::new(Some(Box::new(answerer) as Box<_>));
        Self { permits, answerer }
    }

    /// Waits for a permit, then reads, both until the deadline. Cancel-safe.
    pub(crate) async fn ask<R: Request>(
        &self,
        request: R,
        trace: TraceId,
        deadline: Instant,
    ) -> Result<R::Answer, AskError> {
        let permit = timeout_at(deadline, self.permits.acquire()).await;
        let _permit = permit.map_err(|_| AskError::Overloaded)?;
        let answerer = self.answerer::<R>().ok_or(AskError::Draining)?;
        let answer = caught(trace.reading(async { answerer.read(request, trace).await }));
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => {
                tracing::error!(request = R::NAME, %trace, error = panic, "a read panicked");
                Err(AskError::Failed)
            }
            Err(_) => Err(AskError::Unavailable {
                retry_after: RETRY_AFTER,
            }),
        }
    }

    /// Drops the answerer.
    pub(crate) fn close(&self) {
        let answerer = self.answerer.write().take();
        drop(answerer);
    }

    fn answerer<R: Request>(&self) -> Option<Arc<dyn AnyReads<R>>> {
        let answerer = self.answerer.read();
        let answerer = answerer.as_ref()?.downcast_ref::<Arc<dyn AnyReads<R>>>();
        Some(Arc::clone(
            answerer.expect("registered under the request's type"),
        ))
    }
}
