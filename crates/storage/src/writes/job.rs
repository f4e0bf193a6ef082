//! A change that a lane writes.

use crate::{Fault, JobError, Writer};
use std::future::Future;

/// Selects one of a database's write lanes: equal keys share a lane, so their jobs commit in the
/// order they were handed over. SQLite has one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneKey(pub u64);

/// The answers of a set, one for each job in order.
pub type SetAnswers<J> = Vec<Result<<J as Job>::Answer, <J as Job>::Refusal>>;

/// One change, which runs in a lane's transaction. It may run again after a transient fault or a
/// failed set, so it only borrows itself; it must await nothing but its queries.
pub trait Job: Send + Sync + 'static {
    /// The name in logs and metrics, such as `messaging.send`.
    const NAME: &'static str;
    /// What the caller gets if the job succeeds.
    type Answer: Send + 'static;
    /// What the caller gets if the job is refused.
    type Refusal: Send + 'static;
    /// Whether neighbours of this type run together, by [`Job::run_set`].
    const SET: bool = false;

    /// Whether the job states facts. If not, [`crate::Database::write`] takes no credit, and the
    /// job holds up nobody however long it waits for its database.
    const STATES: bool = true;

    /// Whether the job needs locks that jobs of other lanes need too: [`Job::locks`].
    const LOCKS: bool = false;

    /// Returns the key of its lane.
    fn lane(&self) -> LaneKey;

    /// Returns the numbers of the locks that the job shares with other lanes; it may read to find
    /// out which. On PostgreSQL the lane takes those of the whole batch before its first job runs,
    /// in ascending order, so that no two batches wait for each other; they are held until the
    /// transaction ends. Databases that share a PostgreSQL database by schemas share no locks.
    /// SQLite has one writer and needs none.
    fn locks(&self, _tx: &mut Writer<'_>) -> impl Future<Output = Result<Vec<i64>, Fault>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Runs one job inside its own savepoint: if it is refused or fails, nothing of it stays.
    fn run(
        &self,
        tx: &mut Writer<'_>,
    ) -> impl Future<Output = Result<Self::Answer, JobError<Self::Refusal>>> + Send;

    /// Runs neighbours as a set and returns the answers in order. A refused job must have written
    /// nothing; a fault rolls back the set, and its jobs run one by one.
    fn run_set(
        jobs: &[&Self],
        _tx: &mut Writer<'_>,
    ) -> impl Future<Output = Result<SetAnswers<Self>, Fault>> + Send {
        let n = jobs.len();
        async move { unreachable!("{}: a set of {n} for a job without a set form", Self::NAME) }
    }
}
