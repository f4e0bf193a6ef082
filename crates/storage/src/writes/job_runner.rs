//! Running the jobs of a batch: neighbours of one type as a set, all others alone, each inside a
//! savepoint of its own unless it is the whole batch. A bad job fails alone; only a fault that is
//! transient, that ends the whole transaction, or that would hit all other jobs too, ends the
//! attempt.

use super::lane_context::LaneContext;
use super::queued_job::{BoxJob, RunSet, Verdict, job_type};
use super::shared_locks;
use crate::backend::postgres::{LockNumbers, STATEMENTS_PER_STEP};
use crate::error::{NoAnswer, catch_panics};
use crate::pool::ConnectionPool;
use crate::query::Fact;
use crate::{Access as _, Backend, Fault, Writer};
use bus::Origin;
use diesel::QueryResult;
use futures_util::FutureExt as _;
use std::future::Future;
use std::time::Duration;

/// Facts with their origins.
type Facts = Vec<(Origin, Fact)>;

/// Runs jobs on one writer. Every error it returns ends the attempt.
pub(crate) struct JobRunner<'p> {
    pool: &'p ConnectionPool,
    /// Longest wait for an answer; `None` for a file. A server may vanish without a word.
    limit: Option<Duration>,
    statement_timeout: Duration,
    lock_numbers: LockNumbers,
}

impl<'p> JobRunner<'p> {
    pub(crate) fn new(tx: &mut Writer<'_>, with: &'p LaneContext) -> Self {
        let limit = match tx.backend() {
            Backend::Sqlite => None,
            Backend::Postgres => Some(with.statement_timeout * STATEMENTS_PER_STEP),
        };
        Self {
            pool: &with.pool,
            limit,
            statement_timeout: with.statement_timeout,
            lock_numbers: with.lock_numbers,
        }
    }

    /// Runs all jobs in order; returns the facts they stated.
    pub(crate) async fn run(
        &self,
        jobs: &mut [BoxJob],
        tx: &mut Writer<'_>,
    ) -> Result<Facts, Fault> {
        let mut facts = Facts::new();
        let all = jobs.len();
        self.take_locks(jobs, tx).await?;
        let mut rest = jobs;
        while !rest.is_empty() {
            let (run, tail) = rest.split_at_mut(neighbours(rest));
            let scope = RollbackScope::of(run.len(), all);
            self.run_neighbours(run, scope, tx, &mut facts).await?;
            rest = tail;
        }
        Ok(facts)
    }

    async fn take_locks(&self, jobs: &mut [BoxJob], tx: &mut Writer<'_>) -> Result<(), Fault> {
        let take = shared_locks::take(jobs, tx, self.statement_timeout, self.lock_numbers);
        self.limited(take).await
    }

    /// Waits for the database, but no longer than the limit.
    pub(crate) async fn limited<T, E, F>(&self, work: F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, E>>,
        Fault: From<E>,
    {
        let Some(limit) = self.limit else {
            return Ok(work.await?);
        };
        match tokio::time::timeout(limit, work).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Fault::Other(NoAnswer(limit).into())),
        }
    }

    async fn run_neighbours(
        &self,
        run: &mut [BoxJob],
        scope: RollbackScope,
        tx: &mut Writer<'_>,
        facts: &mut Facts,
    ) -> Result<(), Fault> {
        let runner = run[0].set_runner().filter(|_| run.len() > 1);
        if let Some(runner) = runner
            && self.as_set(runner, run, scope, tx).await?
        {
            let origin = Origin::merged(run.iter().map(|job| job.origin()));
            let origin = origin.expect("a run of neighbours is never empty");
            facts.extend(
                tx.take_facts()
                    .into_iter()
                    .map(|fact| (origin.clone(), fact)),
            );
            return Ok(());
        }
        let scope = RollbackScope::of(1, run.len()).within(scope);
        for job in run {
            self.alone(job, scope, tx).await?;
            facts.extend(
                tx.take_facts()
                    .into_iter()
                    .map(|fact| (job.origin().clone(), fact)),
            );
        }
        Ok(())
    }

    /// Runs neighbours as a set. Returns false if the set failed and was rolled back; then they
    /// must run one by one.
    async fn as_set(
        &self,
        runner: RunSet,
        run: &mut [BoxJob],
        scope: RollbackScope,
        tx: &mut Writer<'_>,
    ) -> Result<bool, Fault> {
        let (name, jobs) = (run[0].name(), run.len());
        self.limited(scope.open(tx)).await?;
        let fault = match self
            .limited(catch_panics(runner(run, tx)).map(Ok::<_, Fault>))
            .await?
        {
            Ok(()) => match self.limited(scope.commit(tx)).await {
                Ok(()) => return Ok(true),
                Err(fault) => fault,
            },
            Err(fault) => fault,
        };
        if fault.is_transient() || fault.is_disk_full() {
            return Err(fault);
        }
        tracing::warn!(job = name, jobs, fault = %format_args!("{fault:#}"), "a set of jobs failed; running its jobs one by one");
        self.limited(scope.rollback(tx)).await?;
        if scope == RollbackScope::Transaction {
            self.take_locks(run, tx).await?;
        }
        Ok(false)
    }

    async fn alone(
        &self,
        job: &mut BoxJob,
        scope: RollbackScope,
        tx: &mut Writer<'_>,
    ) -> Result<(), Fault> {
        self.limited(scope.open(tx)).await?;
        let fault = match self
            .limited(catch_panics(job.run(tx)).map(Ok::<_, Fault>))
            .await?
        {
            Ok(Verdict::RollBack) => return self.limited(scope.rollback(tx)).await,
            Ok(Verdict::Keep) => match self.limited(scope.commit(tx)).await {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            },
            Err(fault) => fault,
        };
        if fault.is_transient() || fault.is_disk_full() {
            return Err(fault);
        }
        let trace = job.origin().trace();
        tracing::error!(job = job.name(), %trace, fault = %format_args!("{fault:#}"), "a job failed");
        self.limited(scope.rollback(tx)).await?;
        job.set_failed(self.pool.failure(job.name(), fault));
        Ok(())
    }
}

/// What is rolled back if a piece of work fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RollbackScope {
    /// The whole transaction: there is no other work in it, and it costs nothing more.
    Transaction,
    /// A savepoint of its own.
    Savepoint,
}

impl RollbackScope {
    /// Returns the scope of `part` of `all` jobs of one transaction.
    fn of(part: usize, all: usize) -> Self {
        if part == all {
            Self::Transaction
        } else {
            Self::Savepoint
        }
    }

    /// Returns the scope of a part of what has the scope `whole`.
    fn within(self, whole: Self) -> Self {
        if whole == Self::Savepoint {
            whole
        } else {
            self
        }
    }

    async fn open(self, tx: &mut Writer<'_>) -> QueryResult<()> {
        match self {
            Self::Transaction => Ok(()),
            Self::Savepoint => tx.savepoint().await,
        }
    }

    async fn commit(self, tx: &mut Writer<'_>) -> QueryResult<()> {
        match self {
            Self::Transaction => Ok(()),
            Self::Savepoint => tx.commit().await,
        }
    }

    /// Rolls back; a transaction is open afterwards either way.
    async fn rollback(self, tx: &mut Writer<'_>) -> QueryResult<()> {
        tx.rollback().await?;
        match self {
            Self::Transaction => tx.begin().await,
            Self::Savepoint => Ok(()),
        }
    }
}

/// Returns how many of the first jobs can run as one: all of one type with a set form, else one.
fn neighbours(jobs: &[BoxJob]) -> usize {
    let first = &jobs[0];
    if first.set_runner().is_none() {
        return 1;
    }
    jobs.iter()
        .take_while(|job| job_type(job) == job_type(first))
        .count()
}
