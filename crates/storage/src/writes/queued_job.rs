//! A job on its way through a lane: the job, the way back to its caller, and its outcome so far.
//! Lanes handle it without knowing its type.

use super::job_span::JobSpan;
use super::responder::{JobOutcome, Responder};
use crate::{Fault, Job, JobError, StorageError, Writer};
use bus::Origin;
use futures_util::future::BoxFuture;
use std::any::{Any, TypeId};
use std::time::Instant;

/// A queued job of any type.
pub(crate) trait AnyJob: Any + Send {
    fn name(&self) -> &'static str;
    fn origin(&self) -> &Origin;
    fn deadline(&self) -> Instant;
    /// When the job was handed over.
    fn queued_at(&self) -> tokio::time::Instant;
    /// Whether a caller waits for the job.
    fn has_caller(&self) -> bool;
    /// Whether the log names its caller if it is refused.
    fn logs_refusal(&self) -> bool;
    /// Marks the job as begun, in a transaction of so many jobs. Returns false if it was withdrawn:
    /// then it must not run.
    fn begin(&mut self, jobs: usize) -> bool;
    /// Notes that the transaction was rolled back, and the job waits for another.
    fn requeued(&mut self);
    /// Whether it shares locks with other lanes.
    fn has_locks(&self) -> bool;
    /// Returns those locks, if it has any.
    fn locks<'a>(
        &'a mut self,
        tx: &'a mut Writer<'_>,
    ) -> Option<BoxFuture<'a, Result<Vec<i64>, Fault>>>;
    /// Returns how neighbours of this type run together, if they do.
    fn set_runner(&self) -> Option<RunSet>;
    /// Runs the job alone.
    fn run<'a>(&'a mut self, tx: &'a mut Writer<'_>) -> BoxFuture<'a, Result<Verdict, Fault>>;
    /// Notes that the job failed alone; its neighbours go on.
    fn set_failed(&mut self, why: StorageError);
    /// Answers the caller. To be called after the commit.
    fn answer(self: Box<Self>);
    /// Answers the caller that nothing was done, and why.
    fn fail(self: Box<Self>, why: StorageError);
}

/// A boxed [`AnyJob`].
pub(crate) type BoxJob = Box<dyn AnyJob>;

/// Runs neighbours of one type as a set.
pub(crate) type RunSet =
    for<'a, 'w> fn(&'a mut [BoxJob], &'a mut Writer<'w>) -> BoxFuture<'a, Result<(), Fault>>;

/// What to do with the savepoint of a job that ran alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    RollBack,
}

/// Returns the type of a job, to find neighbours.
pub(crate) fn job_type(job: &BoxJob) -> TypeId {
    (**job).type_id()
}

/// A job with the way back to its caller.
pub(crate) struct QueuedJob<J: Job> {
    job: J,
    responder: Responder<J::Answer, J::Refusal>,
    outcome: Option<JobOutcome<J::Answer, J::Refusal>>,
    span: JobSpan,
    queued_at: tokio::time::Instant,
}

impl<J: Job> QueuedJob<J> {
    pub(crate) fn boxed(job: J, responder: Responder<J::Answer, J::Refusal>) -> BoxJob {
        let span = JobSpan::new(J::NAME, responder.origin());
        Box::new(Self {
            job,
            responder,
            outcome: None,
            span,
            queued_at: tokio::time::Instant::now(),
        })
    }

    fn of(job: &BoxJob) -> &Self {
        let job: &dyn Any = &**job;
        job.downcast_ref().expect("neighbours have one type")
    }

    fn of_mut(job: &mut BoxJob) -> &mut Self {
        let job: &mut dyn Any = &mut **job;
        job.downcast_mut().expect("neighbours have one type")
    }

    async fn run_set(set: &mut [BoxJob], tx: &mut Writer<'_>) -> Result<(), Fault> {
        let jobs: Vec<&J> = set.iter().map(|job| &Self::of(job).job).collect();
        let answers = J::run_set(&jobs, tx).await?;
        let (asked, answered) = (jobs.len(), answers.len());
        if asked != answered {
            let bug = anyhow::anyhow!("{}: a set of {asked} has {answered} answers", J::NAME);
            return Err(Fault::Other(bug));
        }
        for (job, answer) in set.iter_mut().zip(answers) {
            Self::of_mut(job).outcome = Some(Ok(answer));
        }
        Ok(())
    }
}

impl<J: Job> AnyJob for QueuedJob<J> {
    fn name(&self) -> &'static str {
        J::NAME
    }

    fn origin(&self) -> &Origin {
        self.responder.origin()
    }

    fn deadline(&self) -> Instant {
        self.responder.deadline()
    }

    fn queued_at(&self) -> tokio::time::Instant {
        self.queued_at
    }

    fn has_caller(&self) -> bool {
        self.responder.has_caller()
    }

    fn logs_refusal(&self) -> bool {
        self.responder.logs_refusal()
    }

    fn begin(&mut self, jobs: usize) -> bool {
        self.span.began_transaction(jobs);
        self.responder.begin()
    }

    fn requeued(&mut self) {
        self.span.queued();
    }

    fn has_locks(&self) -> bool {
        J::LOCKS
    }

    fn locks<'a>(
        &'a mut self,
        tx: &'a mut Writer<'_>,
    ) -> Option<BoxFuture<'a, Result<Vec<i64>, Fault>>> {
        if !J::LOCKS {
            return None;
        }
        Some(Box::pin(self.job.locks(tx)))
    }

    fn set_runner(&self) -> Option<RunSet> {
        J::SET.then_some(|set, tx| Box::pin(Self::run_set(set, tx)))
    }

    fn run<'a>(&'a mut self, tx: &'a mut Writer<'_>) -> BoxFuture<'a, Result<Verdict, Fault>> {
        Box::pin(async move {
            let (result, verdict) = match self.job.run(tx).await {
                Ok(answer) => (Ok(answer), Verdict::Keep),
                Err(JobError::Refused(refusal)) => (Err(refusal), Verdict::RollBack),
                Err(JobError::Fault(fault)) => return Err(fault),
            };
            self.outcome = Some(Ok(result));
            Ok(verdict)
        })
    }

    fn set_failed(&mut self, why: StorageError) {
        self.outcome = Some(Err(why));
    }

    fn answer(mut self: Box<Self>) {
        let outcome = self.outcome.expect("a committed job has ended");
        self.span.ended(match &outcome {
            Ok(Ok(_)) => "done",
            Ok(Err(_)) => "refused",
            Err(_) => "failed",
        });
        self.responder.respond(J::NAME, outcome);
    }

    fn fail(mut self: Box<Self>, why: StorageError) {
        self.span.ended("failed");
        self.responder.respond(J::NAME, Err(why));
    }
}
