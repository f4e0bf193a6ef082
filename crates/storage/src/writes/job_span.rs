//! The tracing spans of one job: one for all of its time, and inside it one for each wait in the
//! queue and each transaction.

use bus::Origin;
use tracing::Span;
use tracing::field::Empty;

/// The current span of a job. Costs nothing while tracing is off.
pub(crate) struct JobSpan {
    whole: Span,
    stage: Span,
}

impl JobSpan {
    /// Returns the span of a job that is queued now.
    pub(crate) fn new(job: &'static str, origin: &Origin) -> Self {
        let whole = tracing::debug_span!(parent: origin.span(), "job", job, trace = %origin.trace(), outcome = Empty);
        let mut span = Self {
            whole,
            stage: Span::none(),
        };
        span.queued();
        span
    }

    /// The job is in the queue: at first, and again after an attempt that failed.
    pub(crate) fn queued(&mut self) {
        self.enter(|whole| tracing::debug_span!(parent: whole, "queue"));
    }

    /// The job is in a transaction of so many jobs.
    pub(crate) fn began_transaction(&mut self, jobs: usize) {
        self.enter(|whole| tracing::debug_span!(parent: whole, "transaction", jobs));
    }

    /// The job has ended.
    pub(crate) fn ended(&mut self, outcome: &'static str) {
        self.stage = Span::none();
        self.whole.record("outcome", outcome);
    }

    /// Ends the current stage before it begins the next.
    fn enter(&mut self, stage: impl FnOnce(&Span) -> Span) {
        self.stage = Span::none();
        if !self.whole.is_disabled() {
            self.stage = stage(&self.whole);
        }
    }
}
