//! A new epoch: the cursors of all clients are void, and they begin anew.

use super::BackupError;
use super::mark::Mark;
use super::pg_mark;
use crate::inspect::inspect;
use crate::lock::StoreLock;
use crate::postgres::{self, answered};
use crate::{DatabaseConfig, Url, served_as, sqlite};
use diesel::{QueryResult, SqliteConnection, sql_query};
use diesel_async::AsyncPgConnection;
use std::path::Path;

/// Gives a store that nobody serves a new epoch, and returns it.
pub async fn new_epoch(config: &DatabaseConfig) -> Result<String, BackupError> {
    let _lock = StoreLock::take_for("new-epoch", config).await?;
    match &config.url {
        Url::Postgres(url) => on_postgres(url, config).await,
        Url::Sqlite(file) => {
            let (file, owned) = (file.clone(), config.clone());
            let renewed = tokio::task::spawn_blocking(move || on_sqlite(&file, &owned)).await;
            renewed.unwrap_or_else(|panic| Err(fault(config, &panic)))
        }
    }
}

fn on_sqlite(file: &Path, config: &DatabaseConfig) -> Result<String, BackupError> {
    if !file.is_file() {
        return Err(BackupError::NoStore(file.to_owned()));
    }
    inspect(file, config)?;
    let failed = |error: &dyn std::fmt::Display| fault(config, error);
    let mut connection = sqlite::open(&sqlite::uri(file, "")).map_err(|error| failed(&error))?;
    let epoch = renew_sqlite(&mut connection).map_err(|error| failed(&error))?;
    // A crash before this line costs one more epoch that nobody has seen.
    if let Some(watermark) = config.watermark {
        let now = Mark::of(&mut connection, watermark.table).map_err(|error| failed(&error))?;
        now.write(file).map_err(BackupError::file(file))?;
    }
    Ok(epoch)
}

async fn on_postgres(url: &str, config: &DatabaseConfig) -> Result<String, BackupError> {
    let failed = |error: &dyn std::fmt::Display| fault(config, error);
    let mut connection = postgres::connect(url)
        .await
        .map_err(|error| failed(&error))?;
    answered(pg_mark::renew(&mut connection))
        .await
        .map_err(|error| failed(&error))
}

fn fault(config: &DatabaseConfig, error: &dyn std::fmt::Display) -> BackupError {
    BackupError::Database {
        store: config.store(),
        why: error.to_string(),
    }
}

/// Writes a new epoch into a SQLite store. Blocks.
pub(crate) fn renew_sqlite(connection: &mut SqliteConnection) -> QueryResult<String> {
    use diesel::RunQueryDsl as _;
    let (epoch, renew) = renewal();
    let rows = sql_query(renew).execute(connection)?;
    served_as::was_copy(connection)?;
    renewed(epoch, rows)
}

pub(super) async fn renew_postgres(connection: &mut AsyncPgConnection) -> QueryResult<String> {
    use diesel_async::RunQueryDsl as _;
    let (epoch, renew) = renewal();
    let rows = sql_query(renew).execute(connection).await?;
    renewed(epoch, rows)
}

fn renewal() -> (String, String) {
    let epoch = format!("{:032x}", rand::random::<u128>());
    let renew = format!("UPDATE storage_meta SET value = '{epoch}' WHERE key = 'epoch'");
    (epoch, renew)
}

fn renewed(epoch: String, rows: usize) -> QueryResult<String> {
    match rows {
        0 => Err(diesel::result::Error::NotFound),
        _ => Ok(epoch),
    }
}
