//! The command that gives a store a new epoch: the cursors of all clients become void, and clients
//! start over.

use super::BackupError;
use crate::backend::postgres::{self, PostgresUrl, answered};
use crate::backend::{inspect, sqlite};
use crate::lock::StoreLock;
use crate::watermark::{Mark, renew_postgres, renew_sqlite, renew_with_mark};
use crate::{DatabaseConfig, Url};
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
    // A crash before this line costs one more epoch, which nobody has seen.
    if let Some(watermark) = config.watermark {
        let now = Mark::of(&mut connection, watermark.table).map_err(|error| failed(&error))?;
        now.write(file).map_err(BackupError::file(file))?;
    }
    Ok(epoch)
}

async fn on_postgres(url: &PostgresUrl, config: &DatabaseConfig) -> Result<String, BackupError> {
    let failed = |error: &dyn std::fmt::Display| fault(config, error);
    let mut connection = postgres::connect(url, config.schema.as_deref())
        .await
        .map_err(|error| failed(&error))?;
    let renewed = if config.watermark.is_some() {
        answered(renew_with_mark(&mut connection)).await
    } else {
        answered(renew_postgres(&mut connection)).await
    };
    renewed.map_err(|error| failed(&error))
}

fn fault(config: &DatabaseConfig, error: &dyn std::fmt::Display) -> BackupError {
    BackupError::Database {
        store: config.store(),
        why: error.to_string(),
    }
}
