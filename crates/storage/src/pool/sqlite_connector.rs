//! Opens pooled connections to a SQLite file.

use super::file_watch::FileWatch;
use crate::backend::sqlite::{OnThisThread, PooledSqlite, open};
use crate::health::{StoreInfo, sqlite_info};
use diesel::{ConnectionError, ConnectionResult};
use std::sync::Arc;

/// Opens a connection to the watched file. Fails if another file is at the path by then.
#[expect(
    clippy::disallowed_methods,
    reason = "the pool's connections are wrapped here"
)]
pub(crate) async fn connect(
    path: String,
    watch: Option<Arc<FileWatch>>,
    store_info: &StoreInfo,
) -> ConnectionResult<PooledSqlite> {
    let opened = tokio::task::spawn_blocking(move || {
        let check = || match watch.as_ref().map(|watch| watch.check()) {
            Some(Err(cause)) => Err(ConnectionError::BadConnection(cause)),
            _ => Ok(()),
        };
        check()?;
        let mut connection = open(&path)?;
        check()?;
        let info = sqlite_info(&mut connection)?;
        Ok::<_, ConnectionError>((connection, info))
    });
    let (connection, info) = opened
        .await
        .map_err(|error| ConnectionError::BadConnection(error.to_string()))??;
    store_info.observe(info);
    Ok(PooledSqlite::with_runtime(connection, OnThisThread))
}
