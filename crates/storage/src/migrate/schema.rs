//! The PostgreSQL schema that a database has for itself: created when it is first migrated.

use super::MigrationFailure;
use crate::DatabaseConfig;
use crate::backend::identifier;
use crate::backend::postgres::answered;
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Text};
use diesel::{Connection, QueryResult, QueryableByName, sql_query};
use diesel_async::AsyncPgConnection;

/// What a role does unless it is told otherwise; `reset_val` ignores this session's own setting.
const DEFAULTS: &str = "SELECT reset_val::text AS path, current_user::text AS role
    FROM pg_settings WHERE name = 'search_path'";

#[derive(QueryableByName)]
struct Defaults {
    #[diesel(sql_type = Text)]
    path: String,
    #[diesel(sql_type = Text)]
    role: String,
}

/// What the role may do; `$1` is the schema.
const RIGHTS: &str = "SELECT current_user::text AS role, current_database()::text AS database,
        to_regnamespace($1) IS NOT NULL AS found,
        has_database_privilege(current_database(), 'CREATE') AS may_create,
        coalesce(has_schema_privilege(to_regnamespace($1)::oid, 'USAGE')
            AND has_schema_privilege(to_regnamespace($1)::oid, 'CREATE'), FALSE) AS may_use";

#[derive(QueryableByName)]
struct Rights {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Bool)]
    found: bool,
    #[diesel(sql_type = Bool)]
    may_create: bool,
    #[diesel(sql_type = Bool)]
    may_use: bool,
}

/// Returns why this schema cannot be a database's own: databases without a schema, of the same
/// role, would find its tables instead of theirs, at once or as soon as it exists.
pub(super) async fn conflict(
    connection: &mut AsyncPgConnection,
    schema: &str,
) -> QueryResult<Option<String>> {
    use diesel_async::RunQueryDsl as _;
    let defaults = answered(sql_query(DEFAULTS).get_result(connection));
    let Defaults { path, role } = defaults.await?;
    let found = is_in(&path, schema, &role);
    Ok(found.then(|| {
        format!(
            "the search_path of the role {role} ({path}) leads to this schema, so other databases \
             of that role would use its tables: connect as a role of another name, or with another \
             search_path"
        )
    }))
}

fn is_in(path: &str, schema: &str, role: &str) -> bool {
    let mut names = path.split(',').map(|name| name.trim().trim_matches('"'));
    names.any(|name| name == schema || (name == "$user" && role == schema))
}

/// Creates the schema of this database if it is missing. Runs inside the caller's transaction.
pub(super) fn create_missing<C>(
    connection: &mut C,
    config: &DatabaseConfig,
) -> Result<(), MigrationFailure>
where
    C: Connection<Backend = Pg> + SimpleConnection + diesel::connection::LoadConnection,
{
    use diesel::RunQueryDsl as _;
    let Some(schema) = &config.schema else {
        return Ok(());
    };
    let rights = sql_query(RIGHTS).bind::<Text, _>(identifier(schema));
    let rights: Rights = rights.get_result(connection)?;
    match rights.problem(schema, config) {
        Some(why) => Err(MigrationFailure::Foreign(why)),
        None if rights.found => Ok(()),
        None => {
            let create = format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(schema));
            Ok(connection.batch_execute(&create)?)
        }
    }
}

impl Rights {
    /// Returns what the role may not do, and what to do about it.
    fn problem(&self, schema: &str, config: &DatabaseConfig) -> Option<String> {
        let Self { role, database, .. } = self;
        let missing = if self.found {
            (!self.may_use).then(|| {
                format!(
                    "the role {role} may not create tables in it: as its owner, run GRANT USAGE, \
                     CREATE ON SCHEMA {schema} TO {role}"
                )
            })
        } else {
            (!self.may_create).then(|| {
                format!(
                    "it does not exist, and the role {role} may not create it, for which it needs \
                     CREATE on the database {database}: as the database's owner, run CREATE \
                     SCHEMA {schema} AUTHORIZATION {role}"
                )
            })
        };
        let elsewhere = config.name.to_uppercase();
        missing.map(|why| {
            format!(
                "{why}; or put {} elsewhere with {elsewhere}_DB_URL, or leave it out of DATABASES",
                config.name
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn a_schema_in_the_path_of_its_role_is_found() {
        for (path, schema, role) in [
            ("\"$user\", public", "parlor", "parlor"),
            ("$user,public", "parlor", "parlor"),
            ("karma, public", "karma", "parlor"),
            ("\"karma\"", "karma", "parlor"),
        ] {
            assert!(is_in(path, schema, role), "{path}");
        }
        for (path, schema) in [
            ("\"$user\", public", "karma"),
            ("", "karma"),
            ("kar", "karma"),
        ] {
            assert!(!is_in(path, schema, "parlor"), "{path}");
        }
    }
}
