//! The tables that migrations create.

use super::{MigrationFailure, apply, known};
use crate::{Backend, Migrations};
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::collections::BTreeSet;

/// Leaves out SQLite's own.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns the names of the tables that these migrations create, on either database. Blocks: they
/// are created in memory, since nothing else knows what migrations come to.
pub(super) fn own_tables(migrations: &Migrations) -> Result<BTreeSet<String>, MigrationFailure> {
    let mut connection = SqliteConnection::establish(":memory:")
        .map_err(|error| MigrationFailure::Failed(error.to_string()))?;
    apply(&mut connection, known(migrations, Backend::Sqlite)?)?;
    let tables: Vec<Named> = sql_query(TABLES).load(&mut connection)?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}
