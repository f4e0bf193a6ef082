//! Migrating PostgreSQL: on a connection of its own, under an advisory lock.
//!
//! Whether anything is to be done is asked first, with a short time limit: migrations may take
//! long, and a server that falls silent must not be waited for as if it were migrating.

use super::list::{known, version};
use super::own_tables::own_tables;
use super::store_name::{self, NAME, NameRow};
use super::{MigrationFailure, apply, privileges, remember_identity, schema};
use crate::backend::postgres::{self, FAMILY, LockNumbers, PostgresUrl, answered, answered_within};
use crate::{Backend, DatabaseConfig, OpenError};
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection as _, QueryResult, QueryableByName, RunQueryDsl as _, sql_query};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use std::collections::BTreeSet;
use std::time::Duration;

type Wrapped = AsyncConnectionWrapper<AsyncPgConnection>;

/// Waits for its turn for 60 s; its own statements may take as long as they need. The lock ends
/// with the connection.
const LOCK: &str = "SET application_name = 'parlor migration';
    SET lock_timeout = '60s';
    SET statement_timeout = 0";

/// Longer than the server's own limit, which comes first.
const LOCK_LIMIT: Duration = Duration::from_secs(65);

pub(super) async fn migrate(
    url: &PostgresUrl,
    config: &DatabaseConfig,
    if_new: String,
) -> Result<Vec<String>, OpenError> {
    let mut connection = postgres::connect(url, config.schema.as_deref())
        .await
        .map_err(|error| config.cannot_connect(&error))?;
    refuse_shared_schema(&mut connection, config).await?;
    refuse_withheld(&mut connection, config).await?;
    let known = versions(config)?;
    let current = is_current(&mut connection, &known, store_name::expected(config));
    if current.await.map_err(|error| config.unreachable(&error))? {
        return Ok(Vec::new());
    }
    let number = LockNumbers::of(config.schema.as_deref()).migration;
    let lock = format!("{LOCK}; SELECT pg_advisory_lock({FAMILY}, {number})");
    answered_within(LOCK_LIMIT, connection.batch_execute(&lock))
        .await
        .map_err(|error| config.unreachable(&error))?;
    // Errors are recognised by their text. A role that may not set this keeps the server's language.
    let _ = answered(connection.batch_execute("SET lc_messages = 'C'")).await;
    let owned = config.clone();
    let migrated =
        tokio::task::spawn_blocking(move || blocking(connection.into(), &owned, &if_new));
    migrated
        .await
        .unwrap_or_else(|error| Err(config.unreachable(&error)))
}

async fn refuse_shared_schema(
    connection: &mut AsyncPgConnection,
    config: &DatabaseConfig,
) -> Result<(), OpenError> {
    let Some(schema) = &config.schema else {
        return Ok(());
    };
    let conflict = schema::conflict(connection, schema).await;
    match conflict.map_err(|error| config.unreachable(&error))? {
        None => Ok(()),
        Some(why) => Err(config.unusable(&why)),
    }
}

async fn refuse_withheld(
    connection: &mut AsyncPgConnection,
    config: &DatabaseConfig,
) -> Result<(), OpenError> {
    let withheld = privileges::withheld(connection, config.schema.is_some()).await;
    let withheld = withheld.map_err(|error| config.unreachable(&error))?;
    if withheld.is_empty() {
        return Ok(());
    }
    match privileges::problem(withheld, &own_tables(config).await?) {
        None => Ok(()),
        Some(why) => Err(config.unusable(&why)),
    }
}

fn versions(config: &DatabaseConfig) -> Result<BTreeSet<String>, OpenError> {
    let known = known::<Pg>(&config.migrations, Backend::Postgres);
    let known = known.map_err(|stop| stop.into_error(config))?;
    Ok(known.iter().map(|one| version(&**one)).collect())
}

#[derive(QueryableByName)]
struct Migrated {
    #[diesel(sql_type = Bool)]
    migrated: bool,
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Whether the store was migrated by a program that knew the same migrations, and has this name.
async fn is_current(
    connection: &mut AsyncPgConnection,
    known: &BTreeSet<String>,
    name: Option<&str>,
) -> QueryResult<bool> {
    use diesel_async::RunQueryDsl;
    let ever =
        sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS migrated");
    let ever: Migrated = answered(RunQueryDsl::get_result(ever, connection)).await?;
    if !ever.migrated {
        return Ok(false);
    }
    let applied = sql_query("SELECT version::text AS version FROM __diesel_schema_migrations");
    let applied: Vec<Applied> = answered(RunQueryDsl::load(applied, connection)).await?;
    let applied: BTreeSet<_> = applied.into_iter().map(|one| one.version).collect();
    if applied != *known {
        return Ok(false);
    }
    let Some(name) = name else {
        return Ok(true);
    };
    let found: Vec<NameRow> = answered(RunQueryDsl::load(sql_query(NAME), connection)).await?;
    Ok(found.iter().any(|row| row.name == name))
}

fn blocking(
    mut connection: Wrapped,
    config: &DatabaseConfig,
    if_new: &str,
) -> Result<Vec<String>, OpenError> {
    let known = known(&config.migrations, Backend::Postgres).map_err(|s| s.into_error(config))?;
    let all = known.len();
    let name = store_name::expected(config);
    connection
        .transaction(|connection| {
            schema::create_missing(connection, config)?;
            refuse_foreign(connection)?;
            let applied = apply(connection, known, Some(&config.name))?;
            SimpleConnection::batch_execute(connection, &remember_identity(name))?;
            if applied.len() == all {
                SimpleConnection::batch_execute(connection, if_new)?;
            }
            Ok(applied)
        })
        .map_err(|stop: MigrationFailure| stop.into_error(config))
}

#[derive(QueryableByName)]
struct Foreign {
    #[diesel(sql_type = Bool)]
    foreign: bool,
}

/// Whether there are tables of another application and none of Parlor's.
const FOREIGN: &str = "SELECT to_regclass('storage_meta') IS NULL AND EXISTS (
        SELECT FROM pg_tables WHERE schemaname = current_schema()
    ) AS foreign";

fn refuse_foreign(connection: &mut Wrapped) -> Result<(), MigrationFailure> {
    let row: Foreign = sql_query(FOREIGN).get_result(connection)?;
    if row.foreign {
        return Err(MigrationFailure::Foreign(
            "it has tables of another application".into(),
        ));
    }
    Ok(())
}
