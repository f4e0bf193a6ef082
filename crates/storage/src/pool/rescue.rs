//! Saving what was acknowledged, when the file of a store was moved, removed or replaced under the
//! server.
//!
//! The connections still have the file that was opened. Its log is moved into it, so that a file
//! that was moved away is whole, and a log that stays behind is empty: SQLite would apply it to
//! whatever file is at the path at the next start. Then a copy is left beside the path, since the
//! file may have no name any more.

use super::backend_pool::BackendPool;
use super::file_watch::FileWatch;
use crate::backend::sqlite::beside;
use crate::backend::wal;
use crate::backup::copy_on;
use std::time::{SystemTime, UNIX_EPOCH};

/// Saves what it can, and logs what that was. Blocks, as long as the store is large.
pub(crate) fn rescue(links: &BackendPool, watch: &FileWatch, database: &str) {
    if let Err(fault) = links.on_a_file(wal::truncate) {
        tracing::error!(database, %fault, "the log cannot be moved into the file it belongs to");
    }
    if watch.has_its_file() {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.map_or(0, |since| since.as_secs());
    let copy = beside(watch.store(), &format!(".moved-{seconds}"));
    let target = copy.clone();
    let copied = links.on_a_file(move |connection| copy_on(connection, &target));
    match copied {
        Ok(()) => {
            let copy = copy.display();
            tracing::error!(database, %copy, "what was served until now is kept in this file");
        }
        Err(fault) => {
            let _ = std::fs::remove_file(&copy);
            tracing::error!(database, %fault, "no copy of what was served can be kept");
        }
    }
}
