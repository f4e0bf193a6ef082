//! What can go wrong: a refusal declines a job, a fault is a failure of the database.

mod fault;
mod open_error;
mod storage_error;

pub use fault::Fault;
pub(crate) use fault::{CommitOutcome, NoAnswer, catch_panics, passes};
pub use open_error::OpenError;
pub(crate) use storage_error::RETRY_AFTER;
pub use storage_error::{JobError, StorageError};
