//! What a lane takes at once: one transaction, its facts, its answers.

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

/// Jobs in the order they were handed over. Dropped half way, those begun are answered
/// `outcome_unknown`.
pub(crate) struct Batch {
    jobs: Vec<BoxJob>,
    begun: bool,
}

/// How one attempt went.
pub(crate) enum BatchAttempt {
    /// Something was written, and all are being told.
    Committed(Publish),
    /// All are answered, and perhaps nothing was written.
    Answered,
    /// Nothing was written; the same may succeed later.
    Again(Batch, Fault),
}

impl Batch {
    pub(crate) fn new(jobs: Vec<BoxJob>) -> Self {
        Self { jobs, begun: false }
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// A request for a connection to write them on.
    pub(crate) fn request(&self) -> AcquireRequest {
        AcquireRequest::write(self.jobs.iter().map(|job| job.name()))
    }

    /// When the first came that somebody waits for.
    pub(crate) fn first_attended(&self) -> Option<Instant> {
        self.attended().next().map(|job| job.came())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Answers the jobs that meet a state: nothing was done.
    pub(crate) fn abandon(
        &mut self,
        last_error: &LastError,
        which: impl Fn(&dyn AnyJob) -> bool,
        why: impl Fn() -> StorageError,
    ) {
        let jobs = std::mem::take(&mut self.jobs);
        let (out, stay): (Vec<_>, _) = jobs.into_iter().partition(|job| which(&**job));
        self.jobs = stay;
        for job in out {
            abandon(job, last_error, why());
        }
    }

    /// Runs everything in one transaction; after the commit puts the facts on the bus, then
    /// answers. Between the commit and the answers nothing waits, but for a thread to tell them on.
    pub(crate) async fn attempt(mut self, on: Connection<'_>, with: &LaneContext) -> BatchAttempt {
        let mut tx = Writer::new(on);
        let steps = JobRunner::new(&mut tx, with);
        if let Err(fault) = steps.limited(tx.begin()).await {
            return BatchAttempt::Again(self, fault);
        }
        self.begin(&with.pool);
        let facts = match steps.run(&mut self.jobs, &mut tx).await {
            Ok(facts) => facts,
            Err(fault) => {
                // A connection that is silent is thrown away as it is; so is one that cannot undo.
                if !fault.is_no_answer() {
                    steps.limited(tx.undo_all()).await.ok();
                }
                if fault.is_disk_full() {
                    with.pool.make_room(&mut tx);
                }
                return self.undone(fault, with);
            }
        };
        match steps.limited(tx.keep()).await {
            Ok(()) => {
                if let Err(cause) = with.pool.check_file() {
                    self.in_doubt(&cause);
                    return BatchAttempt::Answered;
                }
                with.pool.last_error().over();
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

    /// From here on the jobs count as begun; the withdrawn ones drop out.
    fn begin(&mut self, pool: &ConnectionPool) {
        self.begun = true;
        let (jobs, now) = (self.jobs.len(), now());
        self.jobs.retain_mut(|job| {
            let begins = job.begin(jobs);
            if !begins && job.deadline() <= now {
                let trace = Some(job.origin().trace());
                pool.last_error().refused(&pool.unavailable_since(), trace);
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

    /// Nothing was written. Without room the askers are told at once: a repeat would keep them for
    /// as long as they wait, and then leave them in doubt.
    fn undone(mut self, fault: Fault, with: &LaneContext) -> BatchAttempt {
        if fault.is_disk_full() {
            let (last_error, why) = (with.pool.last_error(), || with.pool.unavailable(&fault));
            self.abandon(last_error, AnyJob::is_attended, why);
        }
        self.jobs.iter_mut().for_each(|job| job.waits());
        BatchAttempt::Again(self, fault)
    }

    fn not_committed(mut self, fault: Fault, with: &LaneContext) -> BatchAttempt {
        match fault.after_commit() {
            CommitOutcome::Repeat => return self.undone(fault, with),
            CommitOutcome::Unknown => {
                with.pool.last_error().note(&fault);
                self.in_doubt(&fault);
            }
            CommitOutcome::Torn => {
                with.pool.spoil(&fault);
                self.in_doubt(&fault);
            }
            CommitOutcome::Failed => self.failed(fault),
        }
        BatchAttempt::Answered
    }

    /// Nothing was written, and never will be.
    fn failed(&mut self, fault: Fault) {
        let (traces, cause) = (traces(self.attended()), format_args!("{fault:#}"));
        tracing::error!(fault = %cause, jobs = self.len(), traces, "a batch cannot be committed");
        let fault = Arc::new(fault);
        for job in self.jobs.drain(..) {
            let fault = Fault::Other(anyhow::Error::new(Arc::clone(&fault)));
            let operation = job.name();
            job.abandon(StorageError::Failed { operation, fault });
        }
    }

    /// Nobody knows what was written.
    fn in_doubt(&mut self, why: &dyn Display) {
        let traces = traces(self.attended());
        tracing::error!(fault = %why, jobs = self.len(), traces, "the outcome of a batch is unknown");
        for job in self.jobs.drain(..) {
            let operation = job.name();
            job.abandon(StorageError::OutcomeUnknown { operation });
        }
    }

    /// Whose time was up during the transaction has been told that the outcome is unknown.
    fn log_the_late(&self) {
        let now = now();
        let traces = traces(self.attended().filter(|job| job.deadline() <= now));
        if !traces.is_empty() {
            let fault = "it took longer than its askers wait";
            tracing::warn!(
                fault,
                jobs = self.len(),
                traces,
                "a batch was committed late"
            );
        }
    }

    fn attended(&self) -> impl Iterator<Item = &BoxJob> {
        self.jobs.iter().filter(|job| job.is_attended())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if self.begun && !self.is_empty() {
            self.in_doubt(&"it was broken off");
        }
    }
}

/// The traces that the askers of these jobs were given: all of them, a batch is bounded.
fn traces<'j>(jobs: impl Iterator<Item = &'j BoxJob>) -> String {
    let traces = jobs.map(|job| job.origin().trace().to_string());
    traces.collect::<Vec<_>>().join(" ")
}

/// Answers a job of which nothing was done.
pub(crate) fn abandon(job: BoxJob, last_error: &LastError, why: StorageError) {
    if job.logs_refusal() {
        last_error.refused(&why, Some(job.origin().trace()));
    }
    job.abandon(why);
}
