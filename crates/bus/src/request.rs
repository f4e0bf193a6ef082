//! Requests, and why they fail.

use std::time::Duration;

/// A request from one crate to the crate that answers it. Refusals belong in the answer's type,
/// usually `Result<Thing, Refusal>`.
pub trait Request: Send + 'static {
    /// Stable and unique: `crate.verb`, such as `messaging.send_message`.
    const NAME: &'static str;
    /// The type of the answer.
    type Answer: Send + 'static;
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No credit or permit was free in time, or the time ran out in the queue. Nothing was done.
    #[error("overloaded")]
    Overloaded,
    /// The answerer's storage is unreachable or its pool exhausted. Nothing was done.
    #[error("unavailable, retry after {retry_after:?}")]
    Unavailable {
        /// The pause before a retry is worthwhile.
        retry_after: Duration,
    },
    /// The time ran out after the request had begun: it may or may not take effect.
    #[error("outcome unknown")]
    OutcomeUnknown,
    /// The answerer failed, panicked or timed out before it wrote anything.
    #[error("the answerer failed")]
    Failed,
    /// The server is stopping and accepts nothing new.
    #[error("draining")]
    Draining,
}
