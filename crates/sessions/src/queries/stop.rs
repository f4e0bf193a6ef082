//! Why an answer stops half way.

use crate::api::Refusal;
use crate::hasher::HashError;
use bus::AskError;
use storage::StorageError;

/// A refusal is an answer, a failure is none.
pub(super) enum Stop {
    Refused(Refusal),
    Failed(AskError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<HashError> for Stop {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded { retry_after } => Self::Refused(Refusal::Overloaded {
                retry_after_ms: u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX),
            }),
            HashError::Failed => Self::Failed(AskError::Failed),
        }
    }
}

/// In the form that the bus wants.
pub(super) fn answered<T>(result: Result<T, Stop>) -> Result<Result<T, Refusal>, AskError> {
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}
