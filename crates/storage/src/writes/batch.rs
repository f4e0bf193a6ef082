//! A batch: the jobs that a lane commits in one transaction, with their facts and answers.

use super::job_runner::JobRunner;
use super::lane_context::LaneContext;
use super::lane_executor::Publish;
use super::queued_job::{AnyJob, BoxJob};
use super::responder::now;
use crate::error::CommitOutcome;
use crate::health::LastError;
use crate::pool::{AcquireRequest, ConnectionPool};
use crate::query::Fact;
use crate::{Connection, Fault, StorageError, Writer};
use bus::{Bus, Origin};
use std::fmt::Display;
use std::sync::Arc;
use tokio::time::Instant;

/// Jobs in the order they were handed over. If it is dropped after the transaction began, its jobs
/// are answered `outcome_unknown`.
pub(crate) struct Batch {
    jobs: Vec<BoxJob>,
    begun: bool,
}

/// The outcome of one attempt.
pub(crate) enum BatchAttempt {
    /// Something was written; the facts and answers are being published.
    Committed(Publish),
    /// All jobs are answered, and perhaps nothing was written.
    Answered,
    /// Nothing was written; the same batch may succeed later.
    Again(Batch, Fault),
}

impl Batch {
    pub(crate) fn new(jobs: Vec<BoxJob>) -> Self {
        Self { jobs, begun: false }
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Returns the request for a connection to write the jobs on.
    pub(crate) fn request(&self) -> AcquireRequest {
        AcquireRequest::write(self.jobs.iter().map(|job| job.name()))
    }

    /// Returns when the first job that has a caller was queued.
    pub(crate) fn first_with_caller(&self) -> Option<Instant> {
        self.with_callers().next().map(|job| job.queued_at())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Fails the jobs that `which` selects: nothing was done.
    pub(crate) fn fail_jobs(
        &mut self,
        last_error: &LastError,
        which: impl Fn(&dyn AnyJob) -> bool,
        why: impl Fn() -> StorageError,
    ) {
        let jobs = std::mem::take(&mut self.jobs);
        let (out, stay): (Vec<_>, _) = jobs.into_iter().partition(|job| which(&**job));
        self.jobs = stay;
        for job in out {
            fail(job, last_error, why());
        }
    }

    /// Runs all jobs in one transaction; after the commit publishes the facts, then answers.
    /// Nothing waits between the commit and the answers, except for a thread to publish them on.
    pub(crate) async fn attempt(mut self, on: Connection<'_>, with: &LaneContext) -> BatchAttempt {
        let mut tx = Writer::new(on);
        let runner = JobRunner::new(&mut tx, with);
        if let Err(fault) = runner.limited(tx.begin()).await {
            return BatchAttempt::Again(self, fault);
        }
        self.begin(&with.pool);
        let facts = match runner.run(&mut self.jobs, &mut tx).await {
            Ok(facts) => facts,
            Err(fault) => {
                // A connection that does not answer is discarded as it is; so is one that cannot
                // roll back.
                if !fault.is_no_answer() {
                    runner.limited(tx.rollback_all()).await.ok();
                }
                if fault.is_disk_full() {
                    with.pool.make_room(&mut tx);
                }
                return self.rolled_back(fault, with);
            }
        };
        match runner.limited(tx.commit()).await {
            Ok(()) => {
                if let Err(cause) = with.pool.check_file() {
                    self.outcome_unknown(&cause);
                    return BatchAttempt::Answered;
                }
                with.pool.last_error().clear();
                let done = self.finish(facts, with);
                with.pool.checkpoint_if_due(&mut tx);
                done
            }
            Err(fault) => {
                if fault.is_disk_full() {
                    with.pool.make_room(&mut tx);
                }
                self.not_committed(fault, with)
            }
        }
    }

    /// Marks the jobs as begun and drops those that were withdrawn.
    fn begin(&mut self, pool: &ConnectionPool) {
        self.begun = true;
        let (jobs, now) = (self.jobs.len(), now());
        self.jobs.retain_mut(|job| {
            let begins = job.begin(jobs);
            if !begins && job.deadline() <= now {
                let trace = Some(job.origin().trace());
                pool.last_error().refused(&pool.unavailable_now(), trace);
            }
            begins
        });
    }

    fn finish(self, facts: Vec<(Origin, Fact)>, with: &LaneContext) -> BatchAttempt {
        self.log_the_late();
        if self.is_empty() {
            return BatchAttempt::Answered;
        }
        let bus = with.bus.clone();
        let publish = with
            .executor
            .publish(&with.tasks, move || self.publish(facts, &bus));
        BatchAttempt::Committed(publish)
    }

    fn publish(mut self, facts: Vec<(Origin, Fact)>, bus: &Bus) {
        for (origin, fact) in facts {
            fact(bus, &origin);
        }
        for job in self.jobs.drain(..) {
            job.answer();
        }
    }

    /// Nothing was written. On a full disk the callers get an error at once: retries would keep
    /// them until their deadlines, and then leave them in doubt.
    fn rolled_back(mut self, fault: Fault, with: &LaneContext) -> BatchAttempt {
        if fault.is_disk_full() {
            let (last_error, why) = (with.pool.last_error(), || with.pool.unavailable(&fault));
            self.fail_jobs(last_error, AnyJob::has_caller, why);
        }
        self.jobs.iter_mut().for_each(|job| job.requeued());
        BatchAttempt::Again(self, fault)
    }

    fn not_committed(mut self, fault: Fault, with: &LaneContext) -> BatchAttempt {
        match fault.after_commit() {
            CommitOutcome::Retry => return self.rolled_back(fault, with),
            CommitOutcome::Unknown => {
                with.pool.last_error().note(&fault);
                self.outcome_unknown(&fault);
            }
            CommitOutcome::Torn => {
                with.pool.writes_may_be_lost(&fault);
                self.outcome_unknown(&fault);
            }
            CommitOutcome::Failed => self.failed(fault),
        }
        BatchAttempt::Answered
    }

    /// Nothing was written, and a retry would not help.
    fn failed(&mut self, fault: Fault) {
        let (traces, cause) = (traces(self.with_callers()), format_args!("{fault:#}"));
        tracing::error!(fault = %cause, jobs = self.len(), traces, "could not commit a batch");
        let fault = Arc::new(fault);
        for job in self.jobs.drain(..) {
            let fault = Fault::Other(anyhow::Error::new(Arc::clone(&fault)));
            let operation = job.name();
            job.fail(StorageError::Failed { operation, fault });
        }
    }

    /// Nobody knows what was written.
    fn outcome_unknown(&mut self, why: &dyn Display) {
        let traces = traces(self.with_callers());
        tracing::error!(fault = %why, jobs = self.len(), traces, "the outcome of a batch is unknown");
        for job in self.jobs.drain(..) {
            let operation = job.name();
            job.fail(StorageError::OutcomeUnknown { operation });
        }
    }

    /// Logs the jobs whose deadline passed during the transaction: their callers got
    /// `outcome_unknown`.
    fn log_the_late(&self) {
        let now = now();
        let traces = traces(self.with_callers().filter(|job| job.deadline() <= now));
        if !traces.is_empty() {
            let fault = "it took longer than its callers wait";
            tracing::warn!(
                fault,
                jobs = self.len(),
                traces,
                "a batch was committed late"
            );
        }
    }

    fn with_callers(&self) -> impl Iterator<Item = &BoxJob> {
        self.jobs.iter().filter(|job| job.has_caller())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if self.begun && !self.is_empty() {
            self.outcome_unknown(&"it was interrupted");
        }
    }
}

/// Returns the traces that the callers of these jobs know: all of them, as a batch is bounded.
fn traces<'j>(jobs: impl Iterator<Item = &'j BoxJob>) -> String {
    let traces = jobs.map(|job| job.origin().trace().to_string());
    traces.collect::<Vec<_>>().join(" ")
}

/// Fails a job of which nothing was done.
pub(crate) fn fail(job: BoxJob, last_error: &LastError, why: StorageError) {
    if job.logs_refusal() {
        last_error.refused(&why, Some(job.origin().trace()));
    }
    job.fail(why);
}
