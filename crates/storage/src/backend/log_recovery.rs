//! The log that a crash has left, moved into its file before anything else is opened.
//!
//! SQLite would do so by itself, but on a full disk it cannot even begin: the index to a log (`-shm`)
//! takes room of its own. A connection that has the file for itself keeps that index in memory, and
//! what the log took is free again afterwards.

use super::inspect::{has_log, is_ours};
use crate::backend::{sqlite, wal};
use crate::{DatabaseConfig, OpenError};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// What SQLite takes at least beside a file to open it.
const ROOM_BYTES: usize = 64 << 10;

/// Moves the log of a store that nobody serves; another process that reads it keeps it, which is no
/// error. Fails when there is no room to open the store at all. Blocks.
pub(crate) fn recover_log(store: &Path, config: &DatabaseConfig) -> Result<(), OpenError> {
    if has_log(store)
        && is_ours(store)
        && let Err(error) = alone(store)
    {
        tracing::warn!(database = %config.name, %error, "the log of the last run is not moved yet");
    }
    match room_beside(store) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            let why = "its disk is full, free some room and start again";
            Err(config.unreachable(&why))
        }
        _ => Ok(()),
    }
}

fn alone(store: &Path) -> anyhow::Result<()> {
    let mut connection = SqliteConnection::establish(&sqlite::uri(store, "?mode=rw"))?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 1000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL",
    )?;
    wal::truncate(&mut connection)?;
    Ok(())
}

/// Fails where there is none; any other last_error shows where it matters.
fn room_beside(store: &Path) -> io::Result<()> {
    let trial = sqlite::beside(store, ".room");
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&trial)
        .and_then(|mut file: File| file.write_all(&vec![0; ROOM_BYTES]));
    let _ = std::fs::remove_file(trial);
    written
}
