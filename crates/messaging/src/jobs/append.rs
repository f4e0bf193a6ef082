//! Appending a single entry to a room's log.

use crate::api::Refusal;
use rooms::api::log::{self, Append, Appended};
use storage::prelude::*;

/// Appends one entry; a refusal ends the job.
pub(crate) async fn append_one(
    tx: &mut Writer<'_>,
    entry: Append<'_>,
) -> Result<Appended, JobError<Refusal>> {
    let mut outcomes = log::append(tx, &[entry]).await?;
    let outcome = outcomes.pop().expect("one outcome per entry");
    outcome.map_err(JobError::Refused)
}
