//! Moving SQLite's log into its file, where a failure is heard.
//!
//! Left to itself SQLite does this inside a commit and keeps quiet about a sync that fails; the
//! next one may then succeed without the pages of the first, and the log with the only good copy
//! is overwritten. So the lane does it, between two batches.

use crate::pool::Pool;
use crate::tally::Tally;
use crate::{Access as _, Connection, Fault, Writer};
use diesel::sql_types::Integer;
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::sync::atomic::Ordering;

/// Pages of log from which on it is moved: a long one keeps the file's writes sequential, a longer
/// one costs time at the next start.
const LOG_PAGES: i32 = 4_000;

/// The log is looked at after each so many batches.
const LOOK_EVERY: u64 = 8;

#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = Integer)]
    log: i32,
}

/// Moves a long log, if it is time to look. After a batch, when nobody waits for it.
pub(crate) fn in_time(tx: &mut Writer<'_>, pool: &Pool) {
    let Connection::Sqlite(connection) = tx.connection() else {
        return;
    };
    if is_time(pool.tally())
        && let Err(error) = if_long(connection)
    {
        failed(&error.into(), pool);
    }
}

/// Moves all of it.
pub(crate) fn whole(connection: &mut SqliteConnection) -> QueryResult<()> {
    sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Log>(connection)?;
    Ok(())
}

/// The log is as good as before, unless a sync of the file has failed.
pub(crate) fn failed(fault: &Fault, pool: &Pool) {
    if fault.is_torn() {
        pool.spoil(fault);
    } else {
        tracing::warn!(%fault, "the log could not be moved into its file, later perhaps");
    }
}

fn is_time(tally: &Tally) -> bool {
    tally
        .batches
        .load(Ordering::Relaxed)
        .is_multiple_of(LOOK_EVERY)
}

fn if_long(connection: &mut SqliteConnection) -> QueryResult<()> {
    let Log { log } = sql_query("PRAGMA wal_checkpoint(NOOP)").get_result(connection)?;
    if log >= LOG_PAGES {
        sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result::<Log>(connection)?;
    }
    Ok(())
}
