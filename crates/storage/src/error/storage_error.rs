//! Why a job or a read gave no result.

use super::Fault;
use bus::AskError;
use std::time::Duration;

/// How long a caller should wait before it tries again after the database was unavailable.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a job did not succeed. Either way nothing of it is written.
#[derive(Debug)]
pub enum JobError<R> {
    /// The job is refused: the caller gets this as its answer.
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
    /// The database does not answer, or could not do the work in time. Nothing was done.
    #[error("database {database} is unavailable: {cause}")]
    Unavailable {
        /// The name of the database.
        database: String,
        /// The last thing that went wrong there.
        cause: String,
        /// How long to wait before trying again.
        retry_after: Duration,
    },
    /// All connections were in use for as long as a caller may wait; the database itself may be
    /// well. Nothing was done.
    #[error("database {database} is saturated: all {max} connections are in use")]
    Saturated {
        /// The name of the database.
        database: String,
        /// The size of the pool.
        max: u32,
        /// How long to wait before trying again.
        retry_after: Duration,
    },
    /// The connection was lost during the commit, which may or may not have taken effect.
    #[error("the outcome of {operation} is unknown")]
    OutcomeUnknown {
        /// The name of the job or the read.
        operation: &'static str,
    },
    /// The work failed, and a retry would not help.
    #[error("{operation} failed")]
    Failed {
        /// The name of the job or the read.
        operation: &'static str,
        /// What went wrong.
        #[source]
        fault: Fault,
    },
    /// The database is closed or closing.
    #[error("database {database} is closed")]
    Closed {
        /// The name of the database.
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
