//! The handle through which other crates use the bus.

use crate::entrance::Entrance;
use crate::envelope::Outgoing;
use crate::shared::{ESSENTIAL, Shared};
use crate::{AskError, BusMetrics, Event, Origin, Request, TraceId};
use std::sync::Arc;
use std::time::Duration;

/// A cheap handle to the bus. The builder hands it out before anything runs.
///
/// A handle from [`Builder::bounded_bus`](crate::Builder::bounded_bus) differs in what is said there;
/// its clones share its places.
#[derive(Clone)]
pub struct Bus {
    shared: Arc<Shared>,
    entrance: Entrance,
}

impl Bus {
    pub(crate) fn new(shared: Arc<Shared>, entrance: Entrance) -> Self {
        Self { shared, entrance }
    }

    /// Publishes an event from outside the bus (a timer, another node). Waits for a credit.
    /// Cancel-safe: if dropped while waiting, nothing was published.
    ///
    /// # Panics
    /// While an essential subscriber is reloaded, which could deadlock: its handlers use
    /// [`Context::emit`](crate::Context::emit).
    pub async fn publish<E: Event>(&self, event: E) {
        let origin = self.enter().await;
        let bounded = self.entrance.bounds().is_some();
        if self.entrance.is_closed() || bounded && self.shared.is_draining() {
            return;
        }
        self.shared.publish(&origin, Outgoing::new(event));
    }

    /// Waits for a credit that covers everything published later from the returned origin. For
    /// code that later publishes where it must not wait, such as a write lane. Cancel-safe.
    ///
    /// # Panics
    /// While an essential subscriber is reloaded, as [`Bus::publish`] does.
    pub async fn enter(&self) -> Origin {
        let inside = ESSENTIAL.try_with(|name| *name);
        assert!(
            inside.is_err(),
            "an essential subscriber must not publish while it loads"
        );
        if self.entrance.is_closed() {
            return Origin::silent();
        }
        let credits = self.entrance.enter().await;
        Origin::outside(TraceId::random(), credits)
    }

    /// Publishes an event in reaction to something, on the credits of `origin`. Never waits.
    pub fn publish_from<E: Event>(&self, origin: &Origin, event: E) {
        self.shared.publish(origin, Outgoing::new(event));
    }

    /// Sends a request to the one answerer of `R` and waits at most `within`. If the future is
    /// dropped, a queued ordered request is still handled; a concurrent read is cancelled.
    pub async fn ask<R: Request>(
        &self,
        request: R,
        within: Duration,
    ) -> Result<R::Answer, AskError> {
        self.ask_traced(request, within, TraceId::random()).await
    }

    /// Like [`Bus::ask`], under a trace chosen by the caller.
    pub async fn ask_traced<R: Request>(
        &self,
        request: R,
        within: Duration,
        trace: TraceId,
    ) -> Result<R::Answer, AskError> {
        self.shared
            .ask(&self.entrance, request, trace, within)
            .await
    }

    /// From now on, lets nothing more enter by the handles of
    /// [`Builder::bounded_bus`](crate::Builder::bounded_bus): fails their requests with
    /// [`AskError::Draining`], drops their events, and gives work that waits for [`Bus::enter`] no credit.
    /// Whatever they do then, the bus becomes quiet.
    pub fn close_bounded(&self) {
        self.shared.close_bounded();
    }

    /// From now on, fails new requests with [`AskError::Draining`]; those under way go on.
    pub fn drain(&self) {
        self.shared.drain();
    }

    /// Resolves when every essential queue is empty, no essential handler runs and all credits are
    /// returned.
    pub async fn quiet(&self) {
        self.shared.quiet().await;
    }

    /// Returns the current metrics, for the operator. The credits are those that this handle takes.
    #[must_use]
    pub fn metrics(&self) -> BusMetrics {
        self.shared.metrics(self.entrance.pool())
    }

    pub(crate) fn entrance(&self) -> &Entrance {
        &self.entrance
    }
}
