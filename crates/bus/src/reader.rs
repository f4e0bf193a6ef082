//! Concurrent answers: beside every queue, in the asker's own task, bounded by a semaphore.

use crate::runtime::panics::caught;
use crate::{AskError, Reads, Request, TraceId};
use futures_util::future::BoxFuture;
use std::any::Any;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// A read has written nothing: it may be repeated soon.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// [`Reads`] with the answerer's type forgotten.
pub(crate) trait AnyReads<R: Request>: Send + Sync {
    fn read(&self, request: R, trace: TraceId) -> BoxFuture<'_, Result<R::Answer, AskError>>;
}

impl<R: Request, A: Reads<R>> AnyReads<R> for A {
    fn read(&self, request: R, trace: TraceId) -> BoxFuture<'_, Result<R::Answer, AskError>> {
        Box::pin(Reads::read(self, request, trace))
    }
}

/// The answerer of one type of request and the permits it shares with its fellows.
pub(crate) struct Reader {
    permits: Arc<Semaphore>,
    /// An `Arc<dyn AnyReads<R>>` of the one `R` under whose type this is filed; `None` after the end.
    answerer: RwLock<Option<Box<dyn Any + Send + Sync>>>,
}

impl Reader {
    pub(crate) fn new<R: Request>(permits: Arc<Semaphore>, answerer: Arc<dyn AnyReads<R>>) -> Self {
        let answerer = RwLock::new(Some(Box::new(answerer) as Box<_>));
        Self { permits, answerer }
    }

    /// Waits for a permit and reads, both at most until the deadline. Cancel-safe.
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

    /// Lets go of the answerer.
    pub(crate) fn close(&self) {
        let answerer = self
            .answerer
            .write()
            .expect("nothing panics under this lock")
            .take();
        drop(answerer);
    }

    fn answerer<R: Request>(&self) -> Option<Arc<dyn AnyReads<R>>> {
        let answerer = self
            .answerer
            .read()
            .expect("nothing panics under this lock");
        let answerer = answerer.as_ref()?.downcast_ref::<Arc<dyn AnyReads<R>>>();
        Some(Arc::clone(
            answerer.expect("filed under the request's type"),
        ))
    }
}
