//! What a request is, and why it may have no answer.

use std::time::Duration;

/// Something one crate asks of the one that answers it. Refusals belong into the answer's type:
/// usually `Result<Thing, Refusal>`.
pub trait Request: Send + 'static {
    /// Stable, unique, `crate.verb`: `messaging.send_message`.
    const NAME: &'static str;
    /// What the answerer gives back.
    type Answer: Send + 'static;
}

/// Why an ask has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No credit or no permit within the time, or withdrawn while still queued: nothing was done.
    #[error("overloaded")]
    Overloaded,
    /// The answerer's storage is away or its pool exhausted: nothing was done.
    #[error("unavailable, retry after {retry_after:?}")]
    Unavailable {
        /// When a repeat is worth trying.
        retry_after: Duration,
    },
    /// The time was up after the request had been begun: it may or may not take effect.
    #[error("outcome unknown")]
    OutcomeUnknown,
    /// The answerer failed, panicked or overran before anything was written.
    #[error("the answerer failed")]
    Failed,
    /// The server is stopping and takes nothing new.
    #[error("draining")]
    Draining,
}
