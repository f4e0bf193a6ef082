//! What the role that Parlor connects as must be allowed to do in PostgreSQL.

use crate::backend::postgres::answered;
use diesel::sql_types::Text;
use diesel::{OptionalExtension as _, QueryResult, QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};

/// A table of the schema that the role may not use as Parlor has to.
const WITHHELD: &str = "SELECT current_user::text AS role, relname::text AS table, \
        pg_get_userbyid(relowner)::text AS owner \
    FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema()) \
        AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
            AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) \
    ORDER BY relname LIMIT 1";

/// PostgreSQL's texts if a role may not create tables.
const NO_SCHEMA: [&str; 2] = [
    "permission denied for schema",
    "no schema has been selected",
];

#[derive(QueryableByName)]
struct Withheld {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    owner: String,
}

/// Returns why this role cannot use the tables that are there, if it cannot.
pub(super) async fn withheld(connection: &mut AsyncPgConnection) -> QueryResult<Option<String>> {
    let query = sql_query(WITHHELD).get_result(connection);
    let row: Option<Withheld> = answered(query).await.optional()?;
    Ok(row.map(|Withheld { role, table, owner }| {
        format!(
            "the role {role} may not read and write the table {table}, which belongs to {owner}: \
             connect as {owner}, or run as a superuser, in this database, REASSIGN OWNED BY {owner} \
             TO {role} (a dump is restored into another role by pg_restore --no-owner)"
        )
    }))
}

/// Adds what to do to an error of a migration, if the role may not create tables.
pub(super) fn advised(why: String) -> String {
    if NO_SCHEMA.iter().any(|text| why.contains(text)) {
        return format!(
            "{why}: make the role that Parlor connects as the owner of the database, or run GRANT \
             USAGE, CREATE ON SCHEMA public for it"
        );
    }
    why
}
