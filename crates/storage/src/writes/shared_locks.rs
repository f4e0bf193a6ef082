//! Locks that jobs of several lanes share, taken before the first job of a batch runs.
//!
//! A batch holds what its jobs have locked until it commits. If its jobs took shared locks one
//! after the other, two batches could each hold what the other waits for: PostgreSQL then waits a
//! second and fails one of them. So the lane collects the locks of all jobs and takes them in
//! ascending order.

use super::queued_job::BoxJob;
use crate::backend::postgres::LockNumbers;
use crate::{Access as _, Backend, Connection, Fault, Writer};
use diesel::sql_types::{Array, BigInt, Text};
use std::time::Duration;

/// Waiting for a batch of another lane may take longer than a statement of this batch may.
const SET_PATIENCE: &str = "SELECT set_config('statement_timeout', $1, true)";

/// The array is sorted, and the functions are called for each of its elements in turn. The
/// statements that follow have the usual time limit.
const TAKE: &str = "SELECT pg_advisory_xact_lock(number), set_config('statement_timeout', $2, true)
    FROM unnest($1) AS number";

/// How many times the statement timeout taking the locks may take: less than what counts as no
/// answer.
const PATIENCE: u32 = 4;

/// Takes the locks of these jobs. Does nothing on SQLite: its one writer has locked the whole file.
pub(crate) async fn take(
    jobs: &mut [BoxJob],
    tx: &mut Writer<'_>,
    statement_timeout: Duration,
    lock_numbers: LockNumbers,
) -> Result<(), Fault> {
    if tx.backend() == Backend::Sqlite {
        return Ok(());
    }
    let numbers = numbers(jobs, tx, lock_numbers).await?;
    if let (false, Connection::Postgres(c)) = (numbers.is_empty(), tx.connection()) {
        use diesel_async::RunQueryDsl as _;
        let ms = |time: Duration| time.as_millis().to_string();
        let patience = ms(statement_timeout * PATIENCE);
        let set_patience = diesel::sql_query(SET_PATIENCE).bind::<Text, _>(patience);
        set_patience.execute(c).await?;
        let take = diesel::sql_query(TAKE).bind::<Array<BigInt>, _>(numbers);
        let take = take.bind::<Text, _>(ms(statement_timeout));
        take.execute(c).await.map_err(lock_timeout)?;
    }
    Ok(())
}

/// A batch that takes long says nothing about the database.
fn lock_timeout(error: diesel::result::Error) -> Fault {
    let fault = Fault::Query(error);
    if fault.is_time_out() {
        return Fault::contention("another batch held a lock for too long");
    }
    fault
}

/// Returns the locks of all jobs, each once, ascending.
async fn numbers(
    jobs: &mut [BoxJob],
    tx: &mut Writer<'_>,
    lock_numbers: LockNumbers,
) -> Result<Vec<i64>, Fault> {
    let mut numbers = Vec::new();
    for job in jobs {
        if let Some(locks) = job.locks(tx) {
            let locks = locks.await?.into_iter();
            numbers.extend(locks.map(|lock| lock_numbers.of_job(lock)));
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
