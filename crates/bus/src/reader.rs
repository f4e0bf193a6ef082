//! Runs concurrent reads, bounded by a semaphore: in the caller's task, or in tasks of their own.

use crate::in_task::in_task;
use crate::runtime::panics::caught;
use crate::{AskError, Reads, Request, Tasks, TraceId};
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
    /// Where its reads run, and the name of their owner; `None` for the caller's task.
    tasks: Option<(Tasks, &'static str)>,
    /// An `Arc<dyn AnyReads<R>>` for the `R` under which this is registered; `None` once closed.
    answerer: RwLock<Option<Box<dyn Any + Send + Sync>>>,
}

impl Reader {
    pub(crate) fn new<R: Request>(
        permits: Arc<Semaphore>,
        tasks: Option<(Tasks, &'static str)>,
        answerer: Arc<dyn AnyReads<R>>,
    ) -> Self {
        let answerer = RwLock::new(Some(Box::new(answerer) as Box<_>));
        Self {
            permits,
            tasks,
            answerer,
        }
    }

    /// Waits for a permit, then reads, both until the deadline. Cancel-safe.
    pub(crate) async fn ask<R: Request>(
        &self,
        request: R,
        trace: TraceId,
        deadline: Instant,
    ) -> Result<R::Answer, AskError> {
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| AskError::Overloaded)?;
        let answerer = self.answerer::<R>().ok_or(AskError::Draining)?;
        // The read holds the permit, wherever it runs: those that are stuck stay few.
        let read = async move {
            let _permit = permit;
            run(&*answerer, request, trace).await
        };
        let result = match &self.tasks {
            None => timeout_at(deadline, read).await,
            Some((tasks, owner)) => {
                let read = in_task(tasks, (owner, R::NAME), read);
                let result = timeout_at(deadline, Box::pin(read)).await;
                result.map(|answer| answer.unwrap_or(Err(AskError::Draining)))
            }
        };
        result.unwrap_or(Err(AskError::Unavailable {
            retry_after: RETRY_AFTER,
        }))
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

/// Reads; a panic fails this request alone.
async fn run<R: Request>(
    answerer: &dyn AnyReads<R>,
    request: R,
    trace: TraceId,
) -> Result<R::Answer, AskError> {
    let answer = caught(trace.reading(async { answerer.read(request, trace).await })).await;
    answer.unwrap_or_else(|panic| {
        tracing::error!(request = R::NAME, %trace, error = panic, "a read panicked");
        Err(AskError::Failed)
    })
}
