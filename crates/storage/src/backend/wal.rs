//! SQLite's log (`-wal`): how long it may get, and moving all of it into its file.

use diesel::sql_types::Integer;
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};

/// From this length on the log is truncated as well as moved: 64 MiB, the same as the setting
/// `journal_size_limit` of each connection.
pub(crate) const LOG_BYTES_MAX: u64 = 64 << 20;

/// The row that `PRAGMA wal_checkpoint` returns.
#[derive(QueryableByName)]
pub(crate) struct WalCheckpoint {
    /// Pages in the log.
    #[diesel(sql_type = Integer)]
    pub(crate) log: i32,
}

/// Moves the whole log into its file, then truncates the log.
pub(crate) fn truncate(connection: &mut SqliteConnection) -> QueryResult<()> {
    sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<WalCheckpoint>(connection)?;
    Ok(())
}
