//! What an extension has in its tables.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use storage::Database;
use storage::prelude::*;

/// The tables of storage and of the follower: how far the extension is, not what it made of it.
const BOOKKEEPING: [&str; 5] = [
    "__diesel_schema_migrations",
    "cursors",
    "kept",
    "sources",
    "storage_meta",
];

/// Everything in an extension's own tables. Two that are equal print the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The rows of each table, as JSON, sorted.
    tables: BTreeMap<String, Vec<String>>,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Cursor {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    room_id: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    seq: i64,
}

impl Snapshot {
    pub(super) async fn of(database: &Database) -> Self {
        let read = database.read("testing.snapshot", |reader| {
            Box::pin(async move {
                let mut tables = BTreeMap::new();
                for table in tables_of(reader).await? {
                    let rows = rows_of(reader, &table).await?;
                    tables.insert(table, rows);
                }
                Ok(tables)
            })
        });
        Self {
            tables: read.await.expect("the tables can be read"),
        }
    }

    /// Leaves out these tables.
    pub(super) fn without(mut self, tables: &[String]) -> Self {
        self.tables.retain(|name, _| !tables.contains(name));
        self
    }

    /// Returns whether there is no row at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.values().all(Vec::is_empty)
    }

    /// Returns the rows that only one of the two has: one per line, with `-` if it is this one and `+` if
    /// it is the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> String {
        let mut lines = String::new();
        let names: BTreeSet<_> = self.tables.keys().chain(other.tables.keys()).collect();
        for name in names {
            let none = Vec::new();
            let mine = self.tables.get(name).unwrap_or(&none);
            let others = other.tables.get(name).unwrap_or(&none);
            for (sign, one, rest) in [('-', mine, others), ('+', others, mine)] {
                for row in one.iter().filter(|row| !rest.contains(row)) {
                    let _ = writeln!(lines, "{sign} {name} {row}");
                }
            }
        }
        lines
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, rows) in &self.tables {
            for row in rows {
                writeln!(f, "{table} {row}")?;
            }
        }
        Ok(())
    }
}

async fn tables_of(reader: &mut Reader<'_>) -> Result<Vec<String>, Fault> {
    let text = match reader.backend() {
        storage::Backend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        storage::Backend::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let tables: Vec<Named> = query!(reader, |c| diesel::sql_query(text).load(c))?;
    let tables = tables.into_iter().map(|table| table.name);
    Ok(tables
        .filter(|name| !BOOKKEEPING.contains(&name.as_str()))
        .collect())
}

/// Returns the rows of a table, each as the text of a JSON array.
async fn rows_of(reader: &mut Reader<'_>, table: &str) -> Result<Vec<String>, Fault> {
    let text = match reader.backend() {
        storage::Backend::Sqlite => {
            let columns = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name");
            let columns: Vec<Named> = query!(reader, |c| diesel::sql_query(&columns).load(c))?;
            let pairs: Vec<String> = columns
                .iter()
                .map(|Named { name }| format!("'{name}', quote(\"{name}\")"))
                .collect();
            format!(
                "SELECT json_object({}) AS name FROM \"{table}\"",
                pairs.join(", ")
            )
        }
        storage::Backend::Postgres => {
            format!("SELECT to_jsonb(t)::text AS name FROM \"{table}\" AS t")
        }
    };
    let rows: Vec<Named> = query!(reader, |c| diesel::sql_query(&text).load(c))?;
    let mut rows: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    rows.sort();
    debug_assert!(
        rows.iter()
            .all(|row| serde_json::from_str::<Value>(row).is_ok())
    );
    Ok(rows)
}

/// Returns how many entries of core the follower of this database has not seen; `None` if it has not begun.
pub(super) async fn behind(core: &Database, followed: &Database) -> Option<i64> {
    let heads = cursors(core, "SELECT id AS room_id, head AS seq FROM rooms").await?;
    let begun = followed.read("testing.sources", |reader| {
        Box::pin(async move {
            let text = "SELECT COUNT(*) AS count FROM sources";
            Ok(query!(reader, |c| diesel::sql_query(text).get_result::<Counted>(c))?.count)
        })
    });
    if begun.await.ok()? == 0 {
        return None;
    }
    let seen = cursors(followed, "SELECT room_id, seq FROM cursors").await?;
    let missing = |(room, head): (i64, i64)| (head - seen.get(&room).copied().unwrap_or(0)).max(0);
    Some(heads.into_iter().map(missing).sum())
}

async fn cursors(database: &Database, text: &'static str) -> Option<BTreeMap<i64, i64>> {
    let read = database.read("testing.cursors", move |reader| {
        Box::pin(async move {
            let rows: Vec<Cursor> = query!(reader, |c| diesel::sql_query(text).load(c))?;
            Ok(rows.into_iter().map(|row| (row.room_id, row.seq)).collect())
        })
    });
    read.await.ok()
}
