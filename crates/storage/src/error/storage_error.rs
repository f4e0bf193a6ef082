//! Why a job or a read gave no result.

use super::Fault;
use bus::AskError;
use std::time::Duration;

/// How long a caller should wait before it tries again after the database was unavailable.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How a job ends when it does not succeed. Either way nothing of it is written.
#[derive(Debug)]
pub enum JobError<R> {
    /// We decline: the asker gets this as its answer.
    Refused(R),
    /// The database failed.
    Fault(Fault),
}

impl<R> From<Fault> for JobError<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<R> From<diesel::result::Error> for JobError<R> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Fault(Fault::Query(error))
    }
}

/// Why storage gave no result.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database is away, or could do nothing within the time. Nothing was done.
    #[error("database {database} is unavailable: {cause}")]
    Unavailable {
        /// Which database.
        database: String,
        /// The last thing that went wrong there.
        cause: String,
        /// When a repeat is worth trying.
        retry_after: Duration,
    },
    /// The database may well be there, but all its connections were in use for as long as one may
    /// wait. Nothing was done.
    #[error("database {database} is saturated: all {max} connections are in use")]
    Saturated {
        /// Which database.
        database: String,
        /// How many connections there are.
        max: u32,
        /// When a repeat is worth trying.
        retry_after: Duration,
    },
    /// The connection went away during the commit: it may or may not have taken effect.
    #[error("the outcome of {operation} is unknown")]
    OutcomeUnknown {
        /// What was being done.
        operation: &'static str,
    },
    /// The work failed for good.
    #[error("{operation} failed")]
    Failed {
        /// What was being done.
        operation: &'static str,
        /// Why.
        #[source]
        fault: Fault,
    },
    /// The database is closed or closing.
    #[error("database {database} is closed")]
    Closed {
        /// Which database.
        database: String,
    },
}

impl From<StorageError> for AskError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable { retry_after, .. }
            | StorageError::Saturated { retry_after, .. } => Self::Unavailable { retry_after },
            StorageError::OutcomeUnknown { .. } => Self::OutcomeUnknown,
            StorageError::Failed { .. } => Self::Failed,
            StorageError::Closed { .. } => Self::Draining,
        }
    }
}

impl From<StorageError> for bus::LoadError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Failed { .. } => Self::Broken(error.into()),
            _ => Self::Away(error.into()),
        }
    }
}
