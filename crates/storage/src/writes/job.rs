//! A piece of writing that a lane carries out.

use crate::{Fault, JobError, Writer};
use std::future::Future;

/// Which of a database's write lanes: equal keys share a lane, so their jobs commit in the order
/// they were handed over. SQLite has one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneKey(pub u64);

/// What a set answers, one for each job.
pub type SetAnswers<J> = Vec<Result<<J as Job>::Answer, <J as Job>::Refusal>>;

/// One change, carried out in a lane's transaction. It may run again after a transient fault or
/// after a failed set, so it borrows itself; it awaits nothing but its queries.
pub trait Job: Send + Sync + 'static {
    /// For logs and metrics: `messaging.send`.
    const NAME: &'static str;
    /// What the asker gets.
    type Answer: Send + 'static;
    /// How it may be declined.
    type Refusal: Send + 'static;
    /// True when neighbours of this type are carried out by [`Job::run_set`].
    const SET: bool = false;

    /// False when it states no facts: then [`crate::Database::write`] takes no credit, and the job
    /// holds up nobody however long it waits for its database.
    const STATES: bool = true;

    /// True when it needs locks that jobs of other lanes need too: [`Job::locks`].
    const LOCKS: bool = false;

    /// The lane it belongs to.
    fn lane(&self) -> LaneKey;

    /// The numbers of the locks that it shares with other lanes. On PostgreSQL the lane takes those
    /// of the whole batch before its first job runs, in ascending order, so that no two batches wait
    /// for each other; they are held until the transaction ends. It may read to find out which.
    /// SQLite has one writer and needs none.
    fn locks(&self, _tx: &mut Writer<'_>) -> impl Future<Output = Result<Vec<i64>, Fault>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Carries out one, inside its own savepoint: refused or failed, nothing of it stays.
    fn run(
        &self,
        tx: &mut Writer<'_>,
    ) -> impl Future<Output = Result<Self::Answer, JobError<Self::Refusal>>> + Send;

    /// Carries out a run of neighbours as a set, answers in order. A refused one must have written
    /// nothing; a fault rolls back the set and they run again one by one.
    fn run_set(
        jobs: &[&Self],
        _tx: &mut Writer<'_>,
    ) -> impl Future<Output = Result<SetAnswers<Self>, Fault>> + Send {
        let n = jobs.len();
        async move { unreachable!("{}: a set of {n} for a job without a set form", Self::NAME) }
    }
}
