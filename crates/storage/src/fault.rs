//! Which faults pass by themselves.
//!
//! Diesel hides PostgreSQL's error codes but for a few kinds, so the rest is told by its text. A
//! server that speaks another language costs nothing but a repeat: a lost connection also shows
//! when the savepoint cannot be undone.

use crate::Fault;
use diesel::result::{DatabaseErrorKind as Kind, Error};
use std::time::Duration;

/// Nothing was done and the same may well succeed in a moment.
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

/// Those of them by which a COMMIT that was heard is declined.
const REFUSED_COMMIT: [&str; 3] = [
    "database is locked",
    "deadlock detected",
    "could not serialize access",
];

impl Fault {
    /// True when the same work may succeed if it is repeated from the start of its transaction.
    pub(crate) fn is_transient(&self) -> bool {
        self.query_error().is_some_and(passes)
    }

    /// True when nothing came back at all: the connection must not be used any more.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Other(error) if error.is::<Silence>())
    }

    /// True when a statement ran into its time limit: it had no effect, but a repeat is no better.
    pub(crate) fn is_time_out(&self) -> bool {
        let Some(Error::DatabaseError(_, information)) = self.query_error() else {
            return false;
        };
        information.message().starts_with("canceling statement")
    }

    /// Whether the COMMIT that failed so has written anything.
    pub(crate) fn after_commit(&self) -> Commit {
        let Some(Error::DatabaseError(kind, information)) = self.query_error() else {
            return Commit::Unknown;
        };
        let text = information.message();
        match kind {
            Kind::SerializationFailure => Commit::Repeat,
            Kind::UniqueViolation
            | Kind::ForeignKeyViolation
            | Kind::NotNullViolation
            | Kind::CheckViolation
            | Kind::ExclusionViolation => Commit::Failed,
            _ if REFUSED_COMMIT
                .iter()
                .any(|refusal| text.starts_with(refusal)) =>
            {
                Commit::Repeat
            }
            _ => Commit::Unknown,
        }
    }

    /// What diesel reported, also under the context of an [`anyhow::Error`].
    fn query_error(&self) -> Option<&Error> {
        match self {
            Self::Query(error) => Some(error),
            Self::Other(error) => error.downcast_ref(),
        }
    }
}

/// True when a repeat may help.
pub(crate) fn passes(error: &Error) -> bool {
    match error {
        Error::DatabaseError(Kind::SerializationFailure | Kind::ClosedConnection, _)
        | Error::BrokenTransactionManager => true,
        Error::DatabaseError(_, information) => PASSING
            .iter()
            .any(|text| information.message().starts_with(text)),
        _ => false,
    }
}

/// The database did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
pub(crate) struct Silence(pub(crate) Duration);

/// What a failed COMMIT tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    /// Nothing was written; a repeat may succeed.
    Repeat,
    /// Nothing was written, and never will be.
    Failed,
    /// It may have been written: the connection went away in between.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::{Commit, Silence};
    use crate::Fault;
    use diesel::result::{DatabaseErrorKind as Kind, Error};
    use std::time::Duration;

    fn told(kind: Kind, text: &str) -> Fault {
        Fault::Query(Error::DatabaseError(kind, Box::new(text.to_owned())))
    }

    #[test]
    fn what_passes_by_itself_is_known_also_under_a_context() {
        let locked = told(Kind::Unknown, "database is locked");
        assert!(locked.is_transient());
        let Fault::Query(error) = locked else {
            unreachable!()
        };
        assert!(Fault::Other(anyhow::Error::new(error).context("reading heads")).is_transient());
        assert!(told(Kind::SerializationFailure, "any language").is_transient());
        assert!(told(Kind::UnableToSendCommand, "connection closed").is_transient());
        assert!(!told(Kind::UnableToSendCommand, "error serializing parameter 0").is_transient());
        assert!(!told(Kind::UniqueViolation, "duplicate key").is_transient());
        assert!(!Fault::Query(Error::NotFound).is_transient());
    }

    #[test]
    fn only_a_commit_that_was_heard_is_certain() {
        assert_eq!(
            told(Kind::Unknown, "database is locked").after_commit(),
            Commit::Repeat
        );
        assert_eq!(
            told(Kind::UniqueViolation, "late").after_commit(),
            Commit::Failed
        );
        let cut = told(Kind::UnableToSendCommand, "connection closed");
        assert_eq!(cut.after_commit(), Commit::Unknown);
        let silence = Fault::Other(Silence(Duration::from_secs(1)).into());
        assert_eq!(silence.after_commit(), Commit::Unknown);
        assert!(silence.is_silence() && !silence.is_transient());
    }
}
