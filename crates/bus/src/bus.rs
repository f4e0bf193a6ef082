//! The handle everyone holds.

use crate::{AskError, BusFigures, Event, Origin, Request, TraceId};
use std::time::Duration;

/// A cheap handle on the one bus. Available from the builder before anything runs.
#[derive(Clone)]
pub struct Bus {
    _private: (),
}

impl Bus {
    /// States a fact from outside (a timer, another node). Waits for a credit, so it must never be
    /// called from a handler of an essential subscriber. Cancel-safe: dropped before the credit
    /// came, nothing was published.
    pub async fn publish<E: Event>(&self, _event: E) {
        unimplemented!()
    }
    /// States a fact in reaction to something: rides on the credits of `origin`, never waits.
    pub fn publish_from<E: Event>(&self, _origin: &Origin, _event: E) {
        unimplemented!()
    }
    /// Asks the one answerer of `R` and waits at most `within`.
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
        _request: R,
        _within: Duration,
        _trace: TraceId,
    ) -> Result<R::Answer, AskError> {
        unimplemented!()
    }
    /// From now on asks are answered [`AskError::Draining`]; what is under way goes on.
    pub fn drain(&self) {
        unimplemented!()
    }
    /// Resolves when no essential queue holds anything and all credits are home.
    pub async fn quiet(&self) {
        unimplemented!()
    }
    /// What the operator sees.
    #[must_use]
    pub fn figures(&self) -> BusFigures {
        unimplemented!()
    }
}
