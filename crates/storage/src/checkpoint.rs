//! Moving SQLite's log into its file, where a failure is heard.
//!
//! Left to itself SQLite does this inside a commit and keeps quiet about a sync that fails; the
//! next one may then succeed without the pages of the first, and the log with the only good copy
//! is overwritten. So the lane does it, between two batches.
//!
//! A reader keeps the part of the log that came after its snapshot. While one reads for long the log
//! grows; once it is longer than [`LOG_PAGES_MAX`] the lane waits a moment for readers to end, moves
//! all of it and cuts the file.

use crate::counters::Counters;
use crate::pool::Pool;
use crate::{Access as _, Connection, Fault, Writer};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Pages of log from which on it is moved: a long one keeps the file's writes sequential, a longer
/// one costs time at the next start.
const LOG_PAGES: i32 = 4_000;

/// Pages of log from which on it is cut as well: 64 MiB. The setting `journal_size_limit` of each
/// connection is the same in bytes.
const LOG_PAGES_MAX: i32 = 16_384;

/// The same in bytes, for those who look at the file.
pub(crate) const LOG_BYTES_MAX: u64 = 64 << 20;

/// Pages of log from which on room is kept for what it holds, and how much more: without that a log
/// that has filled the disk could not be moved into a file that has to grow for it.
const RESERVE_PAGES: i32 = 1_000;
const RESERVE_BYTES: i64 = 4 << 20;

/// The log is looked at after each so many batches.
const LOOK_EVERY: u64 = 8;

/// How often the lane waits for readers, and for how long: a reader that stays costs writers 5 % of
/// their time.
const CUT_EVERY: Duration = Duration::from_secs(1);
const PATIENT: &str = "PRAGMA busy_timeout = 50";

/// When the log was last cut, or was to be.
#[derive(Default)]
pub(crate) struct Pace {
    cut: Mutex<Option<Instant>>,
    due: AtomicBool,
}

impl Pace {
    /// The log is to be looked at after the next batch.
    pub(crate) fn is_due(&self) {
        self.due.store(true, Ordering::Relaxed);
    }

    fn may_cut(&self) -> bool {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let may = cut.is_none_or(|last| last.elapsed() >= CUT_EVERY);
        if may {
            *cut = Some(Instant::now());
        }
        may
    }
}

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
    let pace = pool.checkpoints();
    if (is_time(pool.counters()) || pace.due.swap(false, Ordering::Relaxed))
        && let Err(error) = if_long(connection, pool)
    {
        failed(&error.into(), pool);
    }
}

/// Moves and cuts the log when a batch found no room on the disk: the file has most of its pages
/// already, so what the log takes can often be had again.
pub(crate) fn make_room(tx: &mut Writer<'_>, pool: &Pool) {
    let Connection::Sqlite(connection) = tx.connection() else {
        return;
    };
    if pool.checkpoints().may_cut()
        && let Err(error) = cut(connection)
    {
        failed(&error.into(), pool);
    }
}

/// Moves all of it, and cuts the file.
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

fn is_time(counters: &Counters) -> bool {
    counters
        .batches
        .load(Ordering::Relaxed)
        .is_multiple_of(LOOK_EVERY)
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// How large the file is once its log has been moved into it.
const SIZE: &str = "SELECT page_count * page_size AS bytes
    FROM pragma_page_count(), pragma_page_size()";

fn if_long(connection: &mut SqliteConnection, pool: &Pool) -> QueryResult<()> {
    let Log { log } = sql_query("PRAGMA wal_checkpoint(NOOP)").get_result(connection)?;
    if log >= RESERVE_PAGES {
        let Size { bytes } = sql_query(SIZE).get_result(connection)?;
        pool.reserve((bytes + RESERVE_BYTES).unsigned_abs());
    }
    if log < LOG_PAGES {
        return Ok(());
    }
    sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result::<Log>(connection)?;
    if log >= LOG_PAGES_MAX && pool.checkpoints().may_cut() {
        cut(connection)?;
    }
    Ok(())
}

/// The same as [`whole`], with less patience. With a reader that stays nothing is cut, which is no error.
fn cut(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(PATIENT)?;
    let cut = whole(connection);
    connection.batch_execute(crate::sqlite::BUSY_TIMEOUT)?;
    cut
}
