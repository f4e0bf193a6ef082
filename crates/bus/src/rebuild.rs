//! Reloads a subscriber's state from storage until that succeeds.

use crate::activity::Handling;
use crate::runtime::Backoff;
use crate::runtime::panics::caught;
use crate::shared::Shared;
use crate::turn::Turn;
use crate::{LoadError, Subscriber};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// An essential subscriber stops the server after this many failures within [`FAILURES_WINDOW`].
const FAILURES_MAX: usize = 3;
const FAILURES_WINDOW: Duration = Duration::from_secs(60);

/// Reloads one subscriber; remembers recent failures.
pub(crate) struct Rebuild<S: Subscriber> {
    index: usize,
    deps: Arc<S::Deps>,
    /// The shutdown signal, cancelled when an essential subscriber stays broken.
    stop: CancellationToken,
    backoff: Backoff,
    /// When recent loads failed.
    failures: VecDeque<Instant>,
}

impl<S: Subscriber> Rebuild<S> {
    pub(crate) fn new(index: usize, deps: Arc<S::Deps>, stop: CancellationToken) -> Self {
        Self {
            index,
            deps,
            stop,
            backoff: Backoff::new(),
            failures: VecDeque::new(),
        }
    }

    /// Loads until it succeeds. Meanwhile events wait and requests are refused. Returns `None` when
    /// the bus closes and the subscriber is isolated.
    pub(crate) async fn run(&mut self, shared: &Shared, turn: &mut Turn) -> Option<S> {
        loop {
            // Events missed before the load are part of what it reads.
            shared.forget_missed(self.index);
            match self.load(shared).await {
                Ok(state) => {
                    shared.accept_requests(self.index);
                    return Some(state);
                }
                Err(error) => self.failed(shared, &error),
            }
            self.pause(shared, turn).await?;
        }
    }

    /// Loads once. Shows as busy only while it computes: it may wait for storage as long as it likes.
    async fn load(&self, shared: &Shared) -> Result<S, LoadError> {
        let inbox = shared.inbox(self.index);
        let mut loading = pin!(load::<S>(&self.deps));
        poll_fn(|cx| {
            inbox.counters.begin_other();
            let _handling = inbox.activity.begin(Handling::Load);
            loading.as_mut().poll(cx)
        })
        .await
    }

    /// Pauses before the next try. Returns `None` when the bus closes and the subscriber is
    /// isolated; an essential one keeps trying, since its queued items must be handled.
    pub(crate) async fn pause(&mut self, shared: &Shared, turn: &mut Turn) -> Option<()> {
        let pause = self.backoff.pause();
        turn.refuse_requests(pause);
        tokio::select! {
            () = sleep(pause) => Some(()),
            () = shared.closing(), if !shared.inbox(self.index).essential => None,
        }
    }

    /// Resets the back-off after a success.
    pub(crate) fn reset(&mut self) {
        self.backoff.reset();
    }

    fn failed(&mut self, shared: &Shared, error: &LoadError) {
        if matches!(error, LoadError::Away(_)) {
            tracing::warn!(subscriber = S::NAME, %error, "cannot load a subscriber: storage is unavailable, will retry");
            return;
        }
        tracing::error!(subscriber = S::NAME, %error, "cannot load a subscriber, will retry");
        let now = Instant::now();
        self.failures.push_back(now);
        self.failures.retain(|at| now - *at <= FAILURES_WINDOW);
        let essential = shared.inbox(self.index).essential;
        if essential && self.failures.len() >= FAILURES_MAX && !self.stop.is_cancelled() {
            tracing::error!(
                subscriber = S::NAME,
                "an essential subscriber stays broken: stopping the server"
            );
            self.stop.cancel();
        }
    }
}

/// Loads once; a panic counts as [`LoadError::Broken`].
pub(crate) async fn load<S: Subscriber>(deps: &S::Deps) -> Result<S, LoadError> {
    let loaded = caught(async { S::load(deps).await }).await;
    loaded.unwrap_or_else(|panic| Err(LoadError::Broken(anyhow::Error::msg(panic))))
}
