//! Targets that contain an unfinished copy.

use super::TransferError;
use super::copied_table::CopiedTable;
use super::copy_state::{CopyState, UNFINISHED};
use super::endpoint::Endpoint;
use crate::backend::postgres::{self, PostgresUrl, answered};
use crate::{DatabaseConfig, OpenError, Url};
use diesel::sql_query;
use diesel_async::RunQueryDsl as _;

/// Returns where to begin in this target: at the start if it is empty or was made for a copy that
/// has not begun, else where the copy of this same source was broken off. Before a copy begins, the
/// target has only rows that its migrations have written, which the source has too.
pub(super) fn state_of(
    target: &mut Endpoint,
    source: &str,
    tables: &[CopiedTable],
) -> Result<CopyState, TransferError> {
    let Some(kept) = target.meta(UNFINISHED)? else {
        refuse_rows(target, tables)?;
        return Ok(CopyState::before(source, tables));
    };
    if !CopyState::has_begun(&kept) {
        let before = CopyState::before(source, tables);
        target.clear(tables, &before)?;
        return Ok(before);
    }
    CopyState::parse(&kept, source, tables).ok_or(TransferError::OtherSource)
}

fn refuse_rows(target: &mut Endpoint, tables: &[CopiedTable]) -> Result<(), TransferError> {
    for table in tables {
        if target.count(table)? > 0 {
            let table = table.name.clone();
            return Err(TransferError::NotEmpty { table });
        }
    }
    Ok(())
}

/// Fails if the store is an unfinished copy, which no server must open.
pub(crate) async fn refuse_unfinished(config: &DatabaseConfig) -> Result<(), OpenError> {
    let unfinished = match &config.url {
        Url::Sqlite(_) => in_file(config).await,
        Url::Postgres(url) => on_server(url, config).await,
    };
    if unfinished? {
        let why = "it is an unfinished copy: repeat the copy, or drop it";
        return Err(config.unusable(why));
    }
    Ok(())
}

async fn in_file(config: &DatabaseConfig) -> Result<bool, OpenError> {
    let mut endpoint = Endpoint::open(config).await?;
    let read = tokio::task::spawn_blocking(move || endpoint.meta(UNFINISHED)).await;
    match read {
        Ok(Ok(kept)) => Ok(kept.is_some()),
        Ok(Err(error)) => Err(config.unreachable(&error)),
        Err(panic) => Err(config.unreachable(&panic)),
    }
}

/// Not on a blocking thread: that would hang for as long as the server is silent.
async fn on_server(url: &PostgresUrl, config: &DatabaseConfig) -> Result<bool, OpenError> {
    let mut connection = postgres::connect(url, config.schema.as_deref())
        .await
        .map_err(|error| config.cannot_connect(&error))?;
    let select = format!("SELECT FROM storage_meta WHERE key = '{UNFINISHED}'");
    let rows = answered(sql_query(select).execute(&mut connection)).await;
    let rows = rows.map_err(|error| config.unreachable(&error))?;
    Ok(rows > 0)
}
