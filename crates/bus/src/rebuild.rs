//! Making a subscriber's state again from storage, for as long as it takes.

use crate::hub::Hub;
use crate::runtime::Backoff;
use crate::runtime::panics::caught;
use crate::turn::Turn;
use crate::{LoadError, Subscriber};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const BROKEN_MAX: usize = 3;
const BROKEN_WINDOW: Duration = Duration::from_secs(60);

pub(crate) struct Rebuild<S: Subscriber> {
    index: usize,
    deps: Arc<S::Deps>,
    /// Cancelled when an essential subscriber stays broken.
    stop: CancellationToken,
    backoff: Backoff,
    broken: VecDeque<Instant>,
}

impl<S: Subscriber> Rebuild<S> {
    pub(crate) fn new(index: usize, deps: Arc<S::Deps>, stop: CancellationToken) -> Self {
        Self {
            index,
            deps,
            stop,
            backoff: Backoff::new(),
            broken: VecDeque::new(),
        }
    }

    /// Loads until it succeeds. Meanwhile events wait, in its turn too, and requests are refused.
    /// `None` when the bus closes and nobody waits for this one.
    pub(crate) async fn run(&mut self, hub: &Hub, turn: &mut Turn) -> Option<S> {
        loop {
            // What is missed from now on comes after what the load has seen.
            hub.forget_missed(self.index);
            match load::<S>(&self.deps).await {
                Ok(state) => {
                    hub.accept_requests(self.index);
                    return Some(state);
                }
                Err(error) => self.failed(hub, &error),
            }
            self.rest(hub, turn).await?;
        }
    }

    /// Lets some time pass before the next try. An isolated one does not try again when the bus
    /// closes; what waits for an essential one is worth all the time there is.
    pub(crate) async fn rest(&mut self, hub: &Hub, turn: &mut Turn) -> Option<()> {
        let pause = self.backoff.pause();
        turn.refuse_requests(pause);
        tokio::select! {
            () = sleep(pause) => Some(()),
            () = hub.closing(), if !hub.inbox(self.index).essential => None,
        }
    }

    /// All is well again: the next failure is a first one.
    pub(crate) fn settled(&mut self) {
        self.backoff.reset();
    }

    fn failed(&mut self, hub: &Hub, error: &LoadError) {
        if matches!(error, LoadError::Away(_)) {
            tracing::warn!(subscriber = S::NAME, %error, "a subscriber waits for its storage");
            return;
        }
        tracing::error!(subscriber = S::NAME, %error, "a subscriber cannot be loaded");
        let now = Instant::now();
        self.broken.push_back(now);
        self.broken.retain(|at| now - *at <= BROKEN_WINDOW);
        let essential = hub.inbox(self.index).essential;
        if essential && self.broken.len() >= BROKEN_MAX && !self.stop.is_cancelled() {
            tracing::error!(subscriber = S::NAME, "stays broken: the server stops");
            self.stop.cancel();
        }
    }
}

/// One try; a panic in it is a broken load.
pub(crate) async fn load<S: Subscriber>(deps: &S::Deps) -> Result<S, LoadError> {
    let loaded = caught(async { S::load(deps).await }).await;
    loaded.unwrap_or_else(|panic| Err(LoadError::Broken(anyhow::Error::msg(panic))))
}
