//! How the jobs of a batch run: neighbours of one kind as a set, all others alone, each inside a
//! savepoint of its own unless there is nothing beside it. One bad job fails alone; only a fault
//! that passes by itself, that takes the whole transaction with it, or that would befall all others
//! too, ends the attempt.

use crate::access::Fact;
use crate::batch::Surroundings;
use crate::envelope::{BoxJob, SetRunner, Verdict, kind};
use crate::fault::Silence;
use crate::locks;
use crate::pool::Pool;
use crate::postgres::STATEMENTS_PER_STEP;
use crate::{Access as _, Backend, Fault, Writer};
use bus::Origin;
use diesel::QueryResult;
use futures_util::FutureExt as _;
use std::future::Future;
use std::time::Duration;

/// Facts with what they ride on.
type Facts = Vec<(Origin, Fact)>;

/// Runs jobs on one writer. Every error it returns ends the attempt.
pub(crate) struct Steps<'p> {
    pool: &'p Pool,
    /// A server may be gone without a word; a file never is.
    limit: Option<Duration>,
    statement_timeout: Duration,
}

impl<'p> Steps<'p> {
    pub(crate) fn new(tx: &mut Writer<'_>, with: &'p Surroundings) -> Self {
        let limit = match tx.backend() {
            Backend::Sqlite => None,
            Backend::Postgres => Some(with.statement_timeout * STATEMENTS_PER_STEP),
        };
        Self {
            pool: &with.pool,
            limit,
            statement_timeout: with.statement_timeout,
        }
    }

    /// Runs all in order; returns what they stated.
    pub(crate) async fn run(
        &self,
        jobs: &mut [BoxJob],
        tx: &mut Writer<'_>,
    ) -> Result<Facts, Fault> {
        let mut facts = Facts::new();
        let all = jobs.len();
        self.limited(locks::take(jobs, tx, self.statement_timeout))
            .await?;
        let mut rest = jobs;
        while !rest.is_empty() {
            let (run, tail) = rest.split_at_mut(neighbours(rest));
            let ground = Ground::of(run.len(), all);
            self.run_neighbours(run, ground, tx, &mut facts).await?;
            rest = tail;
        }
        Ok(facts)
    }

    /// Waits for the database, but not for ever.
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
            Err(_) => Err(Fault::Other(Silence(limit).into())),
        }
    }

    async fn run_neighbours(
        &self,
        run: &mut [BoxJob],
        ground: Ground,
        tx: &mut Writer<'_>,
        facts: &mut Facts,
    ) -> Result<(), Fault> {
        let runner = run[0].set_runner().filter(|_| run.len() > 1);
        if let Some(runner) = runner
            && self.as_set(runner, run, ground, tx).await?
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
        let ground = Ground::of(1, run.len()).within(ground);
        for job in run {
            self.alone(job, ground, tx).await?;
            facts.extend(
                tx.take_facts()
                    .into_iter()
                    .map(|fact| (job.origin().clone(), fact)),
            );
        }
        Ok(())
    }

    /// False: the set failed and left nothing; they must run one by one.
    async fn as_set(
        &self,
        runner: SetRunner,
        run: &mut [BoxJob],
        ground: Ground,
        tx: &mut Writer<'_>,
    ) -> Result<bool, Fault> {
        let (name, jobs) = (run[0].name(), run.len());
        self.limited(ground.open(tx)).await?;
        let fault = match self
            .limited(caught(runner(run, tx)).map(Ok::<_, Fault>))
            .await?
        {
            Ok(()) => match self.limited(ground.keep(tx)).await {
                Ok(()) => return Ok(true),
                Err(fault) => fault,
            },
            Err(fault) => fault,
        };
        if fault.is_transient() || fault.is_no_room() {
            return Err(fault);
        }
        tracing::warn!(job = name, jobs, fault = %format_args!("{fault:#}"), "a set failed, its jobs run one by one");
        self.limited(ground.undo(tx)).await?;
        if ground == Ground::Transaction {
            self.limited(locks::take(run, tx, self.statement_timeout))
                .await?;
        }
        Ok(false)
    }

    async fn alone(
        &self,
        job: &mut BoxJob,
        ground: Ground,
        tx: &mut Writer<'_>,
    ) -> Result<(), Fault> {
        self.limited(ground.open(tx)).await?;
        let fault = match self
            .limited(caught(job.run(tx)).map(Ok::<_, Fault>))
            .await?
        {
            Ok(Verdict::Undo) => return self.limited(ground.undo(tx)).await,
            Ok(Verdict::Keep) => match self.limited(ground.keep(tx)).await {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            },
            Err(fault) => fault,
        };
        if fault.is_transient() || fault.is_no_room() {
            return Err(fault);
        }
        let trace = job.origin().trace();
        tracing::error!(job = job.name(), %trace, fault = %format_args!("{fault:#}"), "a job failed");
        self.limited(ground.undo(tx)).await?;
        job.failed(self.pool.failure(job.name(), fault));
        Ok(())
    }
}

/// What a piece of work stands on, to be undone alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// It is all there is: the transaction itself, which costs nothing more.
    Transaction,
    /// A savepoint of its own.
    Savepoint,
}

impl Ground {
    /// Of a part of the jobs that run in one transaction.
    fn of(part: usize, all: usize) -> Self {
        if part == all {
            Self::Transaction
        } else {
            Self::Savepoint
        }
    }

    /// Of a part of what stands on `whole`.
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

    async fn keep(self, tx: &mut Writer<'_>) -> QueryResult<()> {
        match self {
            Self::Transaction => Ok(()),
            Self::Savepoint => tx.keep().await,
        }
    }

    /// Leaves a transaction open either way.
    async fn undo(self, tx: &mut Writer<'_>) -> QueryResult<()> {
        tx.undo().await?;
        match self {
            Self::Transaction => tx.begin().await,
            Self::Savepoint => Ok(()),
        }
    }
}

/// How many of the first jobs can run as one: all of one type with a set form, else one.
fn neighbours(jobs: &[BoxJob]) -> usize {
    let first = &jobs[0];
    if first.set_runner().is_none() {
        return 1;
    }
    jobs.iter()
        .take_while(|job| kind(job) == kind(first))
        .count()
}

/// A panic in a piece of work is that work's fault.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let ended = bus::panics::caught(work).await;
    ended.unwrap_or_else(|panic| Err(Fault::Other(anyhow::Error::msg(panic))))
}
