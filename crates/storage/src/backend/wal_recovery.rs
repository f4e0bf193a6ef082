//! Moves the log that a crash has left into its file, before anything else opens the file.
//!
//! SQLite would do so by itself, but on a full disk it cannot even begin: the index of a log
//! (`-shm`) takes disk space of its own. A connection that has the file for itself keeps that index
//! in memory, and afterwards the space of the log is free.

use super::inspect::{has_log, is_ours};
use crate::backend::{sqlite, wal};
use crate::{DatabaseConfig, OpenError};
use diesel::connection::SimpleConnection as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// The least space beside a file that SQLite needs to open it.
const SPACE_BYTES: usize = 64 << 10;

/// Moves the log of a store that nobody serves. If another process reads the log it stays, which is
/// no error. Fails if there is not even enough space to open the store. Blocks.
pub(crate) fn recover_log(store: &Path, config: &DatabaseConfig) -> Result<(), OpenError> {
    if has_log(store)
        && is_ours(store)
        && let Err(error) = move_log(store)
    {
        tracing::warn!(database = %config.name, %error, "could not move the log of the last run into the database file yet");
    }
    match check_space_beside(store) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            let why = "its disk is full: free some space and start again";
            Err(config.unreachable(&why))
        }
        _ => Ok(()),
    }
}

fn move_log(store: &Path) -> anyhow::Result<()> {
    let mut connection = sqlite::connect(&sqlite::uri(store, "?mode=rw"))?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL",
    )?;
    wal::truncate(&mut connection)?;
    Ok(())
}

/// Fails if there is too little space; any other error shows up where it matters.
fn check_space_beside(store: &Path) -> io::Result<()> {
    let trial = sqlite::beside(store, ".room");
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&trial)
        .and_then(|mut file: File| file.write_all(&vec![0; SPACE_BYTES]));
    let _ = std::fs::remove_file(trial);
    written
}
