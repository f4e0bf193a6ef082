//! Saving what was acknowledged after the file of a store was moved, removed or replaced under the
//! server.
//!
//! The connections still have the file that was opened. Its log is moved into it, so that a file
//! that was moved away is complete, and a log that stays behind is empty: SQLite would apply it to
//! whatever file is at the path at the next start. Then a copy is left beside the path, since the
//! file may have no name any more.

use super::backend_pool::BackendPool;
use super::file_watch::FileWatch;
use crate::backend::sqlite::beside;
use crate::backend::wal;
use crate::backup::copy_on;
use std::time::{SystemTime, UNIX_EPOCH};

/// Saves what it can, and logs the result. Blocks; takes longer the larger the store is.
pub(crate) fn rescue(pool: &BackendPool, watch: &FileWatch, database: &str) {
    if let Err(fault) = pool.with_file_connection(wal::truncate) {
        tracing::error!(database, %fault, "could not move the log into the file that it belongs to");
    }
    if watch.database_is_there() {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.map_or(0, |since| since.as_secs());
    let copy = beside(watch.store(), &format!(".moved-{seconds}"));
    let target = copy.clone();
    let copied = pool.with_file_connection(move |connection| copy_on(connection, &target));
    match copied {
        Ok(()) => {
            let copy = copy.display();
            tracing::error!(database, %copy, "saved a copy of the database as it was served");
        }
        Err(fault) => {
            let _ = std::fs::remove_file(&copy);
            tracing::error!(database, %fault, "could not save a copy of the database as it was served");
        }
    }
}
