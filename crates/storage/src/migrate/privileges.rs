//! What the role that Parlor connects as must be allowed to do in PostgreSQL.

use crate::backend::postgres::answered;
use diesel::sql_types::{Bool, Text};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use std::collections::BTreeSet;

/// The tables of the schema that the role may not use as Parlor has to. Whoever mends that works
/// in another schema than Parlor, if Parlor has one of its own.
const WITHHELD: &str = "SELECT current_user::text AS role, relname::text AS table, \
        pg_get_userbyid(relowner)::text AS owner, \
        format('ALTER TABLE %s OWNER TO %I', CASE WHEN $1 THEN format('%I.%I', \
            current_schema(), relname) ELSE quote_ident(relname) END, current_user) AS remedy \
    FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema()) \
        AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
            AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) \
    ORDER BY relname";

/// PostgreSQL's texts if a role may not create tables.
const NO_SCHEMA: [&str; 2] = [
    "permission denied for schema",
    "no schema has been selected",
];

/// PostgreSQL's text if a role may use a table but not change its columns.
const NOT_OWNER: &str = "must be owner of";

/// A table that the role may not use.
#[derive(QueryableByName)]
pub(super) struct Withheld {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    remedy: String,
}

/// Returns the tables that this role may not use, whoever made them. `own_schema` says whether the
/// database has a schema for itself.
pub(super) async fn withheld(
    connection: &mut AsyncPgConnection,
    own_schema: bool,
) -> QueryResult<Vec<Withheld>> {
    let withheld = sql_query(WITHHELD).bind::<Bool, _>(own_schema);
    answered(withheld.load(connection)).await
}

/// Returns why the role cannot use the store, if one of the tables is the store's own. A stranger's
/// table in the same schema is no concern of Parlor's.
pub(super) fn problem(mut withheld: Vec<Withheld>, own: &BTreeSet<String>) -> Option<String> {
    withheld.retain(|one| own.contains(&one.table));
    let Withheld {
        role, table, owner, ..
    } = withheld.as_slice().first()?;
    let remedies: Vec<_> = withheld.iter().map(|one| one.remedy.as_str()).collect();
    let remedies = remedies.join("; ");
    Some(format!(
        "the role {role} may not read and write the table {table}, which belongs to {owner}: \
         connect as {owner}, or run as a superuser, in this database, {remedies} (a dump is \
         restored into another role by pg_restore --no-owner)"
    ))
}

/// Adds what to do to an error of a migration, if the role is not allowed to do what it does.
pub(super) fn advised(why: String, schema: Option<&str>) -> String {
    if NO_SCHEMA.iter().any(|text| why.contains(text)) {
        return format!(
            "{why}: make the role that Parlor connects as the owner of the database, or run GRANT \
             USAGE, CREATE ON SCHEMA {} for it",
            schema.unwrap_or("public")
        );
    }
    if why.contains(NOT_OWNER) {
        return format!(
            "{why}: connect as the owner of the tables, or make the role that Parlor connects as \
             the owner of each with ALTER TABLE … OWNER TO"
        );
    }
    why
}
