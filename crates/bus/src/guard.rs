//! Runs handlers, catches their panics and errors, and cuts those that wait too long.

use crate::metrics::Counters;
use crate::runtime::panics::{caught, caught_now};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How a handler, or a run of handlers, ended.
pub(crate) enum Outcome {
    Completed,
    Failed(anyhow::Error),
    Panicked(String),
    TimedOut(Duration),
}

/// The result of handlers, or the message of their panic.
type Caught = Result<anyhow::Result<()>, String>;

/// Runs plain handlers.
pub(crate) fn run(work: impl FnOnce()) -> Outcome {
    match caught_now(work) {
        Ok(()) => Outcome::Completed,
        Err(panic) => Outcome::Panicked(panic),
    }
}

/// Runs async handlers one after another; each may take at most `limit`. On a time-out the handler is
/// dropped at its current await, along with those that were to follow it.
pub(crate) async fn guarded(
    limit: Duration,
    counters: &Counters,
    work: impl Future<Output = anyhow::Result<()>>,
) -> Outcome {
    let mut work = pin!(caught(work));
    // Most handlers never wait and need no timer.
    let caught = match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(caught) => Some(caught),
        Poll::Pending => limited(limit, counters, work).await,
    };
    match caught {
        Some(Ok(Ok(()))) => Outcome::Completed,
        Some(Ok(Err(error))) => Outcome::Failed(error),
        Some(Err(panic)) => Outcome::Panicked(panic),
        None => Outcome::TimedOut(limit),
    }
}

/// Returns `None` when one handler has run for `limit`.
async fn limited(
    limit: Duration,
    counters: &Counters,
    mut work: Pin<&mut impl Future<Output = Caught>>,
) -> Option<Caught> {
    let mut timer = pin!(sleep(limit));
    let mut current = counters.note_waiting();
    poll_fn(|cx| {
        if let Poll::Ready(caught) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(caught));
        }
        let latest = counters.note_waiting();
        if latest != current {
            current = latest;
            timer.as_mut().reset(Instant::now() + limit);
        }
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}
