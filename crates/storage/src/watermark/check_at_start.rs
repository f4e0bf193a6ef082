//! Comparing a SQLite database with its mark before anyone is served.

use super::mark::Mark;
use super::renew_epoch::renew_sqlite;
use crate::backend::sqlite;
use crate::backup::BackupError;
use crate::{DatabaseConfig, OpenError, Url};
use std::io;
use std::path::Path;

/// Compares the database with its mark. A database that does not continue from there gets a new
/// epoch, since clients may have seen more of the old one than it knows.
pub(crate) async fn check_at_start(config: &DatabaseConfig) -> Result<(), OpenError> {
    let (Url::Sqlite(store), Some(watermark)) = (&config.url, config.watermark) else {
        return Ok(());
    };
    let (store, name) = (store.clone(), config.name.clone());
    let settled = tokio::task::spawn_blocking(move || check_file(&store, watermark.table, &name));
    match settled.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(config.unreachable(&error)),
        Err(panic) => Err(config.unreachable(&panic)),
    }
}

fn check_file(store: &Path, table: &str, database: &str) -> Result<(), BackupError> {
    let mut connection = sqlite::open(&sqlite::uri(store, "")).map_err(fault(store))?;
    let now = Mark::of(&mut connection, table).map_err(fault(store))?;
    let left = Mark::read(store);
    let now = match &left {
        Some(left) if !left.is_followed_by(&now) => {
            let epoch = renew_sqlite(&mut connection).map_err(fault(store))?;
            tracing::warn!(
                database,
                rows_known = left.rowid,
                rows_found = now.rowid,
                epoch,
                "the database is an older copy of the one that was last served here, or another \
                 one; gave it a new epoch, so clients start over"
            );
            Mark { epoch, ..now }
        }
        _ => now,
    };
    if left.as_ref() == Some(&now) {
        return Ok(());
    }
    match now.write(store) {
        // An old mark does no harm; one of another epoch costs at most one more epoch.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            tracing::warn!(database, %error, "could not write the mark");
            Ok(())
        }
        written => written.map_err(BackupError::file(store)),
    }
}

fn fault<E: std::fmt::Display>(store: &Path) -> impl FnOnce(E) -> BackupError {
    BackupError::database(store)
}
