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
    let settled = tokio::task::spawn_blocking(move || blocking(&store, watermark.table, &name));
    match settled.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(config.unreachable(&error)),
        Err(panic) => Err(config.unreachable(&panic)),
    }
}

fn blocking(store: &Path, table: &str, database: &str) -> Result<(), BackupError> {
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
                "the database is not the one that was last served here, or an older copy of it: \
                 it has a new epoch, and clients begin anew"
            );
            Mark { epoch, ..now }
        }
        _ => now,
    };
    if left.as_ref() == Some(&now) {
        return Ok(());
    }
    match now.write(store) {
        // A mark that is behind is no harm; one of another epoch costs one more epoch at most.
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            tracing::warn!(database, %error, "the mark could not be written");
            Ok(())
        }
        written => written.map_err(BackupError::file(store)),
    }
}

fn fault<E: std::fmt::Display>(store: &Path) -> impl FnOnce(E) -> BackupError {
    BackupError::database(store)
}
