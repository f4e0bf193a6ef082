//! The handle everyone holds.

use crate::envelope::Outgoing;
use crate::hub::{ESSENTIAL, Hub};
use crate::{AskError, BusMetrics, Event, Origin, Request, TraceId};
use std::sync::Arc;
use std::time::Duration;

/// A cheap handle on the one bus. Available from the builder before anything runs.
#[derive(Clone)]
pub struct Bus {
    hub: Arc<Hub>,
}

impl Bus {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// States a fact from outside (a timer, another node). Waits for a credit, so it must never be
    /// called from a handler of an essential subscriber. Cancel-safe: dropped before the credit
    /// came, nothing was published.
    ///
    /// # Panics
    /// In a handler of an essential subscriber, which could wait for itself: use
    /// [`Context::emit`](crate::Context::emit) there.
    pub async fn publish<E: Event>(&self, event: E) {
        let origin = self.enter().await;
        self.hub.publish(&origin, Outgoing::new(event));
    }

    /// Comes in from outside: waits for a credit, on which everything rides that is later stated
    /// from this origin. For whoever states facts from a place that must not wait, such as a write
    /// lane. Cancel-safe.
    ///
    /// # Panics
    /// In a handler of an essential subscriber, as [`Bus::publish`] does.
    pub async fn enter(&self) -> Origin {
        let inside = ESSENTIAL.try_with(|name| *name);
        assert!(
            inside.is_err(),
            "an essential subscriber emits, it does not publish"
        );
        let credits = self.hub.enter().await;
        Origin::outside(TraceId::random(), credits)
    }

    /// States a fact in reaction to something: rides on the credits of `origin`, never waits.
    pub fn publish_from<E: Event>(&self, origin: &Origin, event: E) {
        self.hub.publish(origin, Outgoing::new(event));
    }

    /// Asks the one answerer of `R` and waits at most `within`. Dropped half way, an ordered
    /// request that is already queued goes on without its asker; a read ends.
    pub async fn ask<R: Request>(
        &self,
        request: R,
        within: Duration,
    ) -> Result<R::Answer, AskError> {
        self.ask_traced(request, within, TraceId::random()).await
    }

    /// [`Bus::ask`] under a trace that the asker has already named.
    pub async fn ask_traced<R: Request>(
        &self,
        request: R,
        within: Duration,
        trace: TraceId,
    ) -> Result<R::Answer, AskError> {
        self.hub.ask(request, trace, within).await
    }

    /// From now on asks are answered [`AskError::Draining`]; what is under way goes on.
    pub fn drain(&self) {
        self.hub.drain();
    }

    /// Resolves when no essential queue holds anything, no essential handler runs and all credits
    /// are home.
    pub async fn quiet(&self) {
        self.hub.quiet().await;
    }

    /// What the operator sees.
    #[must_use]
    pub fn metrics(&self) -> BusMetrics {
        self.hub.metrics()
    }
}
