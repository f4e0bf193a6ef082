//! When and how SQLite's log is moved into its file, so that a failure is noticed.
//!
//! Left to itself SQLite does this inside a commit and does not report a sync that fails; the next
//! sync may then succeed without the pages of the first, and the log with the only good copy is
//! overwritten. So the lane does it, between two batches.
//!
//! A reader keeps the part of the log that came after its snapshot. While it reads for long the log
//! grows; once the log is longer than [`LOG_PAGES_MAX`] the lane waits a moment for readers to end,
//! moves all of it and truncates it.

use crate::backend::{sqlite, wal, wal::WalCheckpoint};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Pages of log from which on it is moved: a long one keeps the file's writes sequential, a longer
/// one costs time at the next start.
const LOG_PAGES: i32 = 4_000;

/// Pages of log from which on it is truncated as well: [`wal::LOG_BYTES_MAX`] in pages of 4 KiB.
const LOG_PAGES_MAX: i32 = 16_384;

/// From this many pages of log on, disk space is reserved for their content and for this many bytes
/// more: without that a log that has filled the disk could not be moved into a file that has to
/// grow.
const RESERVE_PAGES: i32 = 1_000;
const RESERVE_BYTES: i64 = 4 << 20;

/// Batches between two looks at the log.
const BATCHES_PER_LOOK: u64 = 8;

/// How often the lane waits for readers, and for how long: a reader that stays costs writers 5 % of
/// their time.
const TRUNCATE_EVERY: Duration = Duration::from_secs(1);
const WAIT_FOR_READERS: &str = "PRAGMA busy_timeout = 50";

/// When the log is moved and truncated.
#[derive(Default)]
pub(crate) struct CheckpointSchedule {
    truncated: Mutex<Option<Instant>>,
    requested: AtomicBool,
}

impl CheckpointSchedule {
    /// Requests a look at the log after the next batch.
    pub(crate) fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
    }

    /// Moves a long log, if it is time to look at it: after a batch, when nobody waits for it.
    /// `batches` is the number of batches so far. Before a log of some length is moved, `reserve`
    /// is called with the bytes that the file will need.
    pub(crate) fn if_due(
        &self,
        connection: &mut SqliteConnection,
        batches: u64,
        reserve: impl FnOnce(u64),
    ) -> QueryResult<()> {
        let is_due = batches.is_multiple_of(BATCHES_PER_LOOK);
        if !is_due && !self.requested.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let noop = sql_query("PRAGMA wal_checkpoint(NOOP)");
        let WalCheckpoint { log } = noop.get_result(connection)?;
        if log >= RESERVE_PAGES {
            let FileSize { bytes } = sql_query(FILE_SIZE).get_result(connection)?;
            reserve((bytes + RESERVE_BYTES).unsigned_abs());
        }
        if log < LOG_PAGES {
            return Ok(());
        }
        sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result::<WalCheckpoint>(connection)?;
        if log >= LOG_PAGES_MAX && self.may_truncate() {
            truncate(connection)?;
        }
        Ok(())
    }

    /// Moves and truncates the log after a batch found the disk full: the file has most of the
    /// log's pages already, so this often frees the log's space.
    pub(crate) fn make_room(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        if self.may_truncate() {
            truncate(connection)?;
        }
        Ok(())
    }

    fn may_truncate(&self) -> bool {
        let mut truncated = self.truncated.lock();
        let may = truncated.is_none_or(|last| last.elapsed() >= TRUNCATE_EVERY);
        if may {
            *truncated = Some(Instant::now());
        }
        may
    }
}

#[derive(QueryableByName)]
struct FileSize {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// The size of the file once its log has been moved into it.
const FILE_SIZE: &str = "SELECT page_count * page_size AS bytes
    FROM pragma_page_count(), pragma_page_size()";

/// Truncates the log like [`wal::truncate`], but waits less for readers. With a reader that stays
/// nothing is truncated, which is no error.
fn truncate(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(WAIT_FOR_READERS)?;
    let truncated = wal::truncate(connection);
    connection.batch_execute(sqlite::BUSY_TIMEOUT)?;
    truncated
}
