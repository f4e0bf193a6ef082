//! Faults of the database, and which of them are transient.
//!
//! Diesel hides the databases' error codes except for a few kinds, and diesel-async gives no access
//! to them, so the rest is recognised by its text. Each connection asks PostgreSQL for English,
//! which an ordinary role may not be allowed to set; a server that then answers in another language
//! only costs a retry: a lost connection also shows when the rollback fails.

use diesel::result::{DatabaseErrorKind as Kind, Error};
use std::time::Duration;

/// The database failed. The lane retries transient faults until the job's deadline.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// An error that diesel reported.
    #[error(transparent)]
    Query(#[from] Error),
    /// Any other error that a piece of work could not recover from.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Fault {
    /// Returns the fault for another writer in the way: the batch is rolled back and retried in a
    /// moment.
    #[must_use]
    pub fn contention(why: &'static str) -> Self {
        Self::Query(Error::DatabaseError(
            Kind::SerializationFailure,
            Box::new(why.to_owned()),
        ))
    }
}

/// SQLite's text for a full disk.
const DISK_FULL: &str = "database or disk is full";

/// The operating system's text for a full disk; PostgreSQL passes it on.
const NO_SPACE: &str = "No space left on device";

/// SQLite's text for a failure of the operating system in a COMMIT, a write or a sync of its log.
const IO_ERROR: &str = "disk I/O error";

/// Texts of faults after which nothing was done and a retry may well succeed.
const PASSING: [&str; 8] = [
    "database is locked",
    "database table is locked",
    "deadlock detected",
    "could not serialize access",
    "connection closed",
    "error communicating with the server",
    "terminating connection",
    "the database system is",
];

/// PostgreSQL's texts for a circle of writers that waited for each other, which it broke.
const CONTENTION: [&str; 2] = ["deadlock detected", "could not serialize access"];

/// Those texts with which a database refuses a COMMIT that it received.
const REFUSED_COMMIT: [&str; 3] = [
    "database is locked",
    "deadlock detected",
    "could not serialize access",
];

impl Fault {
    /// Whether the same work may succeed if it is retried from the start of its transaction.
    pub(crate) fn is_transient(&self) -> bool {
        self.query_error().is_some_and(passes)
    }

    /// Whether two writers of this server were in each other's way: the database itself is well.
    pub(crate) fn is_contention(&self) -> bool {
        match self.query_error() {
            Some(Error::DatabaseError(Kind::SerializationFailure, _)) => true,
            Some(Error::DatabaseError(_, information)) => {
                let message = information.message();
                CONTENTION.iter().any(|text| message.starts_with(text))
            }
            _ => false,
        }
    }

    /// Whether there was no answer at all: the connection must not be used any more.
    pub(crate) fn is_no_answer(&self) -> bool {
        matches!(self, Self::Other(error) if error.is::<NoAnswer>())
    }

    /// Whether a statement exceeded its time limit: it had no effect, but a retry would not help.
    pub(crate) fn is_time_out(&self) -> bool {
        let Some(Error::DatabaseError(_, information)) = self.query_error() else {
            return false;
        };
        information.message().starts_with("canceling statement")
    }

    /// Whether a standby cancelled a query because it conflicted with what it had to replay.
    pub(crate) fn is_conflict(&self) -> bool {
        let Some(Error::DatabaseError(_, information)) = self.query_error() else {
            return false;
        };
        information.message().contains("conflict with recovery")
    }

    /// Whether the disk is full: nothing was written, and nobody knows when there will be space.
    pub(crate) fn is_disk_full(&self) -> bool {
        let Some(Error::DatabaseError(_, information)) = self.query_error() else {
            return false;
        };
        let message = information.message();
        message.starts_with(DISK_FULL) || message.contains(NO_SPACE)
    }

    /// Whether the operating system failed SQLite: what it reported as written may not be.
    pub(crate) fn is_io_error(&self) -> bool {
        let Some(Error::DatabaseError(_, information)) = self.query_error() else {
            return false;
        };
        information.message().starts_with(IO_ERROR)
    }

    /// Returns whether the COMMIT that failed with this fault has written anything.
    pub(crate) fn after_commit(&self) -> CommitOutcome {
        let Some(Error::DatabaseError(kind, information)) = self.query_error() else {
            return CommitOutcome::Unknown;
        };
        let text = information.message();
        match kind {
            Kind::SerializationFailure => CommitOutcome::Retry,
            Kind::UniqueViolation
            | Kind::ForeignKeyViolation
            | Kind::NotNullViolation
            | Kind::CheckViolation
            | Kind::ExclusionViolation => CommitOutcome::Failed,
            _ if REFUSED_COMMIT
                .iter()
                .any(|refusal| text.starts_with(refusal)) =>
            {
                CommitOutcome::Retry
            }
            _ if self.is_disk_full() => CommitOutcome::Retry,
            _ if self.is_io_error() => CommitOutcome::Torn,
            _ => CommitOutcome::Unknown,
        }
    }

    /// Returns the error that diesel reported, also under the context of an [`anyhow::Error`].
    fn query_error(&self) -> Option<&Error> {
        let error = match self {
            Self::Query(error) => Some(error),
            Self::Other(error) => error.downcast_ref(),
        };
        error.map(first)
    }
}

/// Whether a retry may help.
pub(crate) fn passes(error: &Error) -> bool {
    match error {
        Error::DatabaseError(Kind::SerializationFailure | Kind::ClosedConnection, _)
        | Error::BrokenTransactionManager => true,
        Error::DatabaseError(_, information) => {
            let message = information.message();
            PASSING.iter().any(|text| message.starts_with(text))
        }
        _ => false,
    }
}

/// Returns the first error: SQLite has often rolled back by itself before diesel tries to.
fn first(error: &Error) -> &Error {
    match error {
        Error::RollbackErrorOnCommit { commit_error, .. } => first(commit_error),
        error => error,
    }
}

/// The database did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
pub(crate) struct NoAnswer(pub(crate) Duration);

/// What a failed COMMIT means for its transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommitOutcome {
    /// Nothing was written; a retry may succeed.
    Retry,
    /// Nothing was written, and a retry would not help.
    Failed,
    /// It may have been written: the connection was lost before the answer.
    Unknown,
    /// It may have been written, and earlier writes may be lost: the operating system failed a
    /// write or a sync.
    Torn,
}

/// Runs a piece of work; a panic in it becomes a fault of that work.
pub(crate) async fn catch_panics<T>(
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let ended = bus::panics::caught(work).await;
    ended.unwrap_or_else(|panic| Err(Fault::Other(anyhow::Error::msg(panic))))
}

#[cfg(test)]
mod tests {
    use super::{CommitOutcome, Fault, NoAnswer};
    use diesel::result::{DatabaseErrorKind as Kind, Error};
    use std::time::Duration;

    fn reported(kind: Kind, text: &str) -> Fault {
        Fault::Query(Error::DatabaseError(kind, Box::new(text.to_owned())))
    }

    #[test]
    fn what_passes_by_itself_is_known_also_under_a_context() {
        let locked = reported(Kind::Unknown, "database is locked");
        assert!(locked.is_transient());
        let Fault::Query(error) = locked else {
            unreachable!()
        };
        assert!(Fault::Other(anyhow::Error::new(error).context("reading heads")).is_transient());
        assert!(reported(Kind::SerializationFailure, "any language").is_transient());
        assert!(reported(Kind::UnableToSendCommand, "connection closed").is_transient());
        assert!(
            !reported(Kind::UnableToSendCommand, "error serializing parameter 0").is_transient()
        );
        assert!(!reported(Kind::UniqueViolation, "duplicate key").is_transient());
        assert!(!Fault::Query(Error::NotFound).is_transient());
    }

    #[test]
    fn writers_in_each_others_way_are_told_from_a_database_that_is_ill() {
        assert!(reported(Kind::Unknown, "deadlock detected").is_contention());
        let busy = Fault::contention("a lock is held elsewhere");
        assert!(busy.is_contention() && busy.is_transient());
        assert!(!reported(Kind::Unknown, "database is locked").is_contention());
        assert!(!reported(Kind::UnableToSendCommand, "connection closed").is_contention());
    }

    #[test]
    fn only_a_commit_that_was_heard_is_certain() {
        assert_eq!(
            reported(Kind::Unknown, "database is locked").after_commit(),
            CommitOutcome::Retry
        );
        assert_eq!(
            reported(Kind::UniqueViolation, "late").after_commit(),
            CommitOutcome::Failed
        );
        let torn = Fault::Query(Error::RollbackErrorOnCommit {
            rollback_error: Box::new(Error::NotInTransaction),
            commit_error: Box::new(Error::DatabaseError(
                Kind::Unknown,
                Box::new("disk I/O error".to_owned()),
            )),
        });
        assert_eq!(torn.after_commit(), CommitOutcome::Torn);
        assert!(!torn.is_transient());
        let full = reported(Kind::Unknown, "database or disk is full");
        assert_eq!(full.after_commit(), CommitOutcome::Retry);
        assert!(full.is_disk_full() && !full.is_transient());
        let lost = reported(Kind::UnableToSendCommand, "connection closed");
        assert_eq!(lost.after_commit(), CommitOutcome::Unknown);
        let no_answer = Fault::Other(NoAnswer(Duration::from_secs(1)).into());
        assert_eq!(no_answer.after_commit(), CommitOutcome::Unknown);
        assert!(no_answer.is_no_answer() && !no_answer.is_transient());
    }
}
