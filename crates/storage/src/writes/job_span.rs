//! The spans of one job, for whoever looks: all of its way, and on it the time in the queue and each
//! transaction that it is part of.

use bus::Origin;
use tracing::Span;
use tracing::field::Empty;

/// Where a job is on its way. Costs nothing while nobody looks.
pub(crate) struct JobSpan {
    whole: Span,
    stage: Span,
}

impl JobSpan {
    /// Of a job that is handed over now.
    pub(crate) fn new(job: &'static str, origin: &Origin) -> Self {
        let whole = tracing::debug_span!(parent: origin.span(), "job", job, trace = %origin.trace(), outcome = Empty);
        let mut span = Self {
            whole,
            stage: Span::none(),
        };
        span.waits();
        span
    }

    /// In the queue, at first and once more after an attempt in vain.
    pub(crate) fn waits(&mut self) {
        self.enter(|whole| tracing::debug_span!(parent: whole, "queue"));
    }

    /// In a transaction, with so many jobs in all.
    pub(crate) fn begins(&mut self, jobs: usize) {
        self.enter(|whole| tracing::debug_span!(parent: whole, "transaction", jobs));
    }

    /// At its end.
    pub(crate) fn ends(&mut self, outcome: &'static str) {
        self.stage = Span::none();
        self.whole.record("outcome", outcome);
    }

    /// One stage ends before the next begins.
    fn enter(&mut self, stage: impl FnOnce(&Span) -> Span) {
        self.stage = Span::none();
        if !self.whole.is_disabled() {
            self.stage = stage(&self.whole);
        }
    }
}
