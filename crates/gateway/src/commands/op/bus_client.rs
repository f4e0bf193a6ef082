//! Sends the bus requests of one command.

use crate::shared::Shared;
use crate::wire::Error;
use bus::{Request, TraceId};
use std::sync::Arc;

/// Sends requests under the trace of one command, each limited by `ask_within`.
pub(crate) struct BusClient {
    pub(crate) shared: Arc<Shared>,
    trace: TraceId,
}

impl BusClient {
    pub(crate) fn new(shared: &Arc<Shared>, trace: TraceId) -> Self {
        Self {
            shared: Arc::clone(shared),
            trace,
        }
    }

    /// Returns the trace of the command.
    pub(in crate::commands) fn trace(&self) -> TraceId {
        self.trace
    }

    /// Sends a request that may be refused.
    pub(crate) async fn ask<R, T, F>(&self, request: R) -> Result<T, Error>
    where
        R: Request<Answer = Result<T, F>>,
        Error: From<F>,
    {
        Ok(self.ask_infallible(request).await??)
    }

    /// Sends a request that is never refused.
    pub(crate) async fn ask_infallible<R: Request>(&self, request: R) -> Result<R::Answer, Error> {
        let within = self.shared.limits.ask_within;
        let asked = self.shared.bus.ask_traced(request, within, self.trace);
        Ok(asked.await?)
    }
}
