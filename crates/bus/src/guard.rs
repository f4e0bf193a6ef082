//! Handlers under way: watched for their time, their panics and their errors.

use crate::metrics::Counters;
use crate::runtime::panics::caught;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How handlers ended.
pub(crate) enum Ended {
    Well,
    Failed(anyhow::Error),
    Panicked(String),
    Overran(Duration),
}

/// What handlers come to, or their panic.
type Caught = Result<anyhow::Result<()>, String>;

/// Runs one handler after another; each may take at most `limit`. An overrun drops the handler at
/// the await it stands at, and whatever was to come after it.
pub(crate) async fn guarded(
    limit: Duration,
    counters: &Counters,
    work: impl Future<Output = anyhow::Result<()>>,
) -> Ended {
    let mut work = pin!(caught(work));
    // Most handlers never wait: those need no timer.
    let caught = match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(caught) => Some(caught),
        Poll::Pending => limited(limit, counters, work).await,
    };
    match caught {
        Some(Ok(Ok(()))) => Ended::Well,
        Some(Ok(Err(error))) => Ended::Failed(error),
        Some(Err(panic)) => Ended::Panicked(panic),
        None => Ended::Overran(limit),
    }
}

/// `None` when the handler that is under way has had `limit`.
async fn limited(
    limit: Duration,
    counters: &Counters,
    mut work: Pin<&mut impl Future<Output = Caught>>,
) -> Option<Caught> {
    let mut timer = pin!(sleep(limit));
    let mut under_way = counters.waits();
    poll_fn(|cx| {
        if let Poll::Ready(caught) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(caught));
        }
        let now_under_way = counters.waits();
        if now_under_way != under_way {
            under_way = now_under_way;
            timer.as_mut().reset(Instant::now() + limit);
        }
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}
