//! What a request is, and how its answer comes home.

use crate::Origin;
use std::time::{Duration, Instant};

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

/// The way back to one asker. Dropped without an answer, the asker is told [`AskError::Failed`]
/// at once. It carries the origin (credits, cause, trace) of the request, so whoever holds it
/// holds the credit.
#[must_use = "an asker waits for this"]
pub struct Reply<A> {
    _a: std::marker::PhantomData<fn(A)>,
}

impl<A: Send + 'static> Reply<A> {
    /// Claims the request for execution. False when the asker has withdrawn it (its time was up
    /// while it was queued): it must not be carried out. After `true` an asker whose time is up is
    /// told [`AskError::OutcomeUnknown`]. Called by the write lane as it begins a job, or by
    /// [`Reply::answer`] itself. Idempotent.
    #[must_use]
    pub fn begin(&self) -> bool {
        unimplemented!()
    }
    /// Answers. An asker that has gone is no error.
    pub fn answer(self, _answer: A) {
        unimplemented!()
    }
    /// Tells the asker that there will be no answer, and why.
    pub fn fail(self, _error: AskError) {
        unimplemented!()
    }
    /// Where the request came from: facts stated because of it ride on this.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        unimplemented!()
    }
    /// When the asker stops waiting.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        unimplemented!()
    }
}
