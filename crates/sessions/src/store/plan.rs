//! How SQLite goes about a statement: for tests that keep it from reading whole tables.

use diesel::connection::SimpleConnection as _;
use diesel::query_builder::{QueryBuilder as _, QueryFragment};
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteConnection, SqliteQueryBuilder};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _};

const SCHEMA: [&str; 4] = [
    include_str!("../../../../migrations/core/sqlite/2026-11-20-000001_store/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-20-000002_sessions/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-20-000003_rooms/up.sql"),
    include_str!("../../../../migrations/core/sqlite/2026-11-30-000007_people/up.sql"),
];

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of its plan, a line each, on empty tables whose sizes SQLite does not know.
pub(crate) fn of(statement: &impl QueryFragment<Sqlite>) -> String {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    for part in SCHEMA {
        connection.batch_execute(part).unwrap();
    }
    let mut text = SqliteQueryBuilder::new();
    statement.to_sql(&mut text, &Sqlite).unwrap();
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {}", text.finish()))
        .load(&mut connection)
        .unwrap();
    let lines: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
    lines.join("\n")
}
