//! Migrating PostgreSQL: on a connection of its own, under an advisory lock.

use super::{Stop, apply, known, remember_epoch};
use crate::registry::unreachable;
use crate::{Backend, DatabaseConfig, OpenError, postgres};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Bool;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};

type Wrapped = AsyncConnectionWrapper<AsyncPgConnection>;

/// Waits for its turn, but not for ever; its own statements may take as long as they need. The lock
/// ends with the connection.
const LOCK: &str = "SET application_name = 'parlor migration';
    SET lock_timeout = '60s';
    SET statement_timeout = 0;
    SELECT pg_advisory_lock(1885434476, 2)";

pub(super) async fn migrate(url: &str, config: &DatabaseConfig) -> Result<Vec<String>, OpenError> {
    let mut connection = postgres::connect(url)
        .await
        .map_err(|error| unreachable(config, &error))?;
    connection
        .batch_execute(LOCK)
        .await
        .map_err(|error| unreachable(config, &error))?;
    let owned = config.clone();
    let migrated = tokio::task::spawn_blocking(move || blocking(connection.into(), &owned));
    migrated
        .await
        .unwrap_or_else(|error| Err(unreachable(config, &error)))
}

fn blocking(mut connection: Wrapped, config: &DatabaseConfig) -> Result<Vec<String>, OpenError> {
    let known = known(&config.migrations, Backend::Postgres).map_err(|s| s.into_error(config))?;
    connection
        .transaction(|connection| {
            refuse_foreign(connection)?;
            let applied = apply(connection, known)?;
            SimpleConnection::batch_execute(connection, &remember_epoch())?;
            Ok(applied)
        })
        .map_err(|stop: Stop| stop.into_error(config))
}

#[derive(QueryableByName)]
struct Foreign {
    #[diesel(sql_type = Bool)]
    foreign: bool,
}

/// Tables of someone else, and none of ours.
const FOREIGN: &str = "SELECT to_regclass('storage_meta') IS NULL AND EXISTS (
        SELECT FROM pg_tables WHERE schemaname = current_schema()
    ) AS foreign";

fn refuse_foreign(connection: &mut Wrapped) -> Result<(), Stop> {
    let row: Foreign = sql_query(FOREIGN).get_result(connection)?;
    if row.foreign {
        return Err(Stop::Foreign("it has tables of another application".into()));
    }
    Ok(())
}
