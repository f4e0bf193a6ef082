//! The tables that migrations create.

use super::list::present;
use super::{MigrationFailure, apply};
use crate::backend::sqlite;
use crate::{Backend, DatabaseConfig, Migrations, OpenError};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use std::collections::BTreeSet;

/// Leaves out SQLite's own.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns the names of the tables that the migrations of a database create, on either backend,
/// storage's own included. Those of a list for PostgreSQL alone are not among them.
pub(crate) async fn own_tables(config: &DatabaseConfig) -> Result<BTreeSet<String>, OpenError> {
    let migrations = config.migrations.clone();
    let own = tokio::task::spawn_blocking(move || created(&migrations)).await;
    let own = own.map_err(|error| config.unreachable(&error))?;
    own.map_err(|stop| stop.into_error(config))
}

/// Blocks: the tables are created in memory, since nothing else knows what migrations come to.
fn created(migrations: &Migrations) -> Result<BTreeSet<String>, MigrationFailure> {
    let mut connection =
        sqlite::connect(":memory:").map_err(|error| MigrationFailure::Failed(error.to_string()))?;
    apply(&mut connection, present(migrations, Backend::Sqlite)?, None)?;
    let tables: Vec<Named> = sql_query(TABLES).load(&mut connection)?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}
