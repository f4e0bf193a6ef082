//! The name of the database in its store. Lists of several databases may begin with the same
//! migrations, so these do not tell whose store it is.

use super::MigrationFailure;
use crate::backend::postgres::quoted;
use crate::{DatabaseConfig, Migrations};
use diesel::query_builder::SqlQuery;
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::Text;
use diesel::{OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query};

/// Asks for the name; a store that was never migrated under joined lists has none.
pub(super) const NAME: &str = "SELECT value AS name FROM storage_meta WHERE key = 'name'";

#[derive(QueryableByName)]
pub(super) struct NameRow {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
}

/// Returns the name that the store of this database must have, if its lists begin with migrations
/// that other databases have too.
pub(super) fn expected(config: &DatabaseConfig) -> Option<&str> {
    matches!(config.migrations, Migrations::Joined(_)).then_some(config.name.as_str())
}

/// Fails if the store, which was migrated before, is that of another database.
pub(super) fn refuse_another<C>(connection: &mut C, name: &str) -> Result<(), MigrationFailure>
where
    SqlQuery: for<'q> LoadQuery<'q, C, NameRow>,
{
    let found: Option<NameRow> = sql_query(NAME).get_result(connection).optional()?;
    match found {
        Some(found) if found.name != name => Err(MigrationFailure::Foreign(format!(
            "it is the store of another database: of {}, not of {name}",
            found.name
        ))),
        _ => Ok(()),
    }
}

/// Returns the statement that gives the store its name, if it has none.
pub(super) fn remember(name: &str) -> String {
    format!(
        "INSERT INTO storage_meta (key, value) VALUES ('name', '{}')
         ON CONFLICT (key) DO NOTHING",
        quoted(name)
    )
}
