//! Migrating SQLite: inside one exclusive transaction.

use super::list::known;
use super::{MigrationFailure, apply, remember_identity, store_name};
use crate::backend::{APPLICATION_ID, inspect, recover_log, served_as, sqlite};
use crate::watermark::{refuse_missing, renew_sqlite};
use crate::{Backend, DatabaseConfig, OpenError, Url};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{
    OptionalExtension as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
};

/// Inspects the file first, and leaves it untouched if it is not Parlor's.
pub(super) async fn migrate(
    config: &DatabaseConfig,
    if_new: String,
) -> Result<Vec<String>, OpenError> {
    let owned = config.clone();
    let migrated = tokio::task::spawn_blocking(move || blocking(&owned, &if_new));
    migrated
        .await
        .unwrap_or_else(|error| Err(config.unreachable(&error)))
}

fn blocking(config: &DatabaseConfig, if_new: &str) -> Result<Vec<String>, OpenError> {
    if let Url::Sqlite(file) = &config.url {
        refuse_missing(file, config)?;
        sqlite::create_file(file).map_err(|error| config.unreachable(&error))?;
        match served_as::name_conflict(file) {
            Ok(None) => {}
            Ok(Some(why)) => return Err(config.unusable(&why)),
            Err(fault) => return Err(config.unreachable(&fault)),
        }
        recover_log(file, config)?;
        inspect(file, config)?;
    }
    let mut connection =
        sqlite::open(&config.url.target()).map_err(|error| config.unreachable(&error))?;
    // Foreign keys are off, since a migration may have to rebuild a table; they are checked below.
    connection
        .batch_execute("PRAGMA busy_timeout = 30000; PRAGMA foreign_keys = OFF")
        .map_err(|error| config.unreachable(&error))?;
    let known = known(&config.migrations, Backend::Sqlite).map_err(|s| s.into_error(config))?;
    let all = known.len();
    let name = store_name::expected(config);
    connection
        .exclusive_transaction(|connection| {
            let applied = apply(connection, known, Some(&config.name))?;
            if !applied.is_empty() {
                check_references(connection)?;
                connection.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
            }
            connection.batch_execute(&remember_identity(name))?;
            if applied.len() == all {
                connection.batch_execute(if_new)?;
            }
            if served_as::unmark_copy(connection)? && config.watermark.is_some() {
                let epoch = renew_sqlite(connection)?;
                tracing::warn!(
                    database = %config.name,
                    epoch,
                    "the database file is a backup that was put here by hand; gave it a new \
                     epoch, so clients start over"
                );
            }
            Ok(applied)
        })
        .map_err(|stop: MigrationFailure| stop.into_error(config))
}

#[derive(QueryableByName)]
struct Broken {
    #[diesel(sql_type = Text)]
    table: String,
}

fn check_references(connection: &mut SqliteConnection) -> Result<(), MigrationFailure> {
    let broken = sql_query("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1");
    match broken.get_result::<Broken>(connection).optional()? {
        None => Ok(()),
        Some(Broken { table }) => Err(MigrationFailure::Failed(format!(
            "rows of {table} would refer to nothing"
        ))),
    }
}
