//! Why a query has no answer.

use crate::api::Refusal;
use crate::hasher::HashError;
use bus::AskError;
use storage::StorageError;

/// A refusal, which is an answer for the client, or a failure.
pub(super) enum QueryError {
    Refused(Refusal),
    Failed(AskError),
}

impl From<Refusal> for QueryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StorageError> for QueryError {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<HashError> for QueryError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded { retry_after } => Self::Refused(Refusal::Overloaded {
                retry_after_ms: u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX),
            }),
            HashError::Failed => Self::Failed(AskError::Failed),
        }
    }
}

/// Converts a result to the form that the bus expects.
pub(super) fn into_answer<T>(
    result: Result<T, QueryError>,
) -> Result<Result<T, Refusal>, AskError> {
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(QueryError::Refused(refusal)) => Ok(Err(refusal)),
        Err(QueryError::Failed(error)) => Err(error),
    }
}
