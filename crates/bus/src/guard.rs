//! A handler call: watched for its time, its panics and its errors.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

/// What a handler comes to, or its panic.
pub(crate) type Caught = Result<anyhow::Result<()>, String>;

/// How a handler call ended.
pub(crate) enum Ended {
    Well,
    Failed(anyhow::Error),
    Panicked(String),
    Overran,
}

impl From<Caught> for Ended {
    fn from(caught: Caught) -> Self {
        match caught {
            Ok(Ok(())) => Ended::Well,
            Ok(Err(error)) => Ended::Failed(error),
            Err(panic) => Ended::Panicked(panic),
        }
    }
}

/// Polls once, whatever comes of it.
pub(crate) async fn first_poll<F: Future>(mut work: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await
}

/// Waits for the rest. An overrun drops the handler at the await it stands at.
pub(crate) async fn finish(work: impl Future<Output = Caught>, limit: Duration) -> Ended {
    timeout(limit, work)
        .await
        .map_or(Ended::Overran, Ended::from)
}
