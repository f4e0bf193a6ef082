//! The statements for one table: rows out of a database and into one, as JSON arrays.

use super::Holds;
use super::copied_table::{CopiedColumn, CopiedTable};
use crate::Backend;
use crate::backend::identifier;
use crate::backend::postgres::quoted;
use serde_json::Value;

/// Rows in the order of their key, each as a JSON array.
pub(super) struct Page {
    rows: Vec<String>,
    last_key: Option<String>,
}

impl Page {
    /// Returns the page of these rows, in the order the database returned them.
    pub(super) fn new(table: &CopiedTable, rows: Vec<String>) -> Result<Self, serde_json::Error> {
        let last_key = match rows.last() {
            Some(row) => Some(key_of(table, row)?),
            None => None,
        };
        Ok(Self { rows, last_key })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Returns the key of the last row as a JSON array: the next page begins after it.
    pub(super) fn last_key(&self) -> Option<&str> {
        self.last_key.as_deref()
    }

    /// Returns all rows as one JSON array.
    pub(super) fn json(&self) -> String {
        format!("[{}]", self.rows.join(","))
    }
}

fn key_of(table: &CopiedTable, row: &str) -> Result<String, serde_json::Error> {
    let row: Vec<Value> = serde_json::from_str(row)?;
    let key = table
        .key
        .iter()
        .map(|name| row[table.position(name)].clone());
    Ok(Value::Array(key.collect()).to_string())
}

/// Returns the statement that reads rows after a key (`$1`, if there is one), each as the JSON
/// array of its columns.
pub(super) fn read(table: &CopiedTable, backend: Backend, goes_on: bool, rows: usize) -> String {
    let columns = join(&table.columns, |column| out_of(column, backend));
    let make = match backend {
        Backend::Sqlite => format!("json_array({columns})"),
        Backend::Postgres => format!("json_build_array({columns})::text"),
    };
    let key = identifiers(&table.key);
    let after = if goes_on {
        let mut place = 0..;
        let values = table.key_columns().map(|column| {
            let place = place.next().expect("it has no end");
            into(column, backend, "$1", place)
        });
        let values: Vec<_> = values.collect();
        format!("WHERE ({key}) > ({})", values.join(", "))
    } else {
        String::new()
    };
    let name = identifier(&table.name);
    format!("SELECT {make} AS line FROM {name} {after} ORDER BY {key} LIMIT {rows}")
}

/// Returns the statement that writes the rows of a JSON array (`$1`) of arrays.
pub(super) fn write(table: &CopiedTable, backend: Backend) -> String {
    let names = join(&table.columns, |column| identifier(&column.name));
    let mut place = 0..;
    let values = join(&table.columns, |column| {
        let place = place.next().expect("it has no end");
        into(column, backend, "line.value", place)
    });
    let name = identifier(&table.name);
    match backend {
        Backend::Sqlite => format!(
            "INSERT INTO {name} ({names}) SELECT {values} FROM json_each($1) AS line ORDER BY line.id"
        ),
        Backend::Postgres => format!(
            "INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE
             SELECT {values} FROM json_array_elements($1::json) AS line (value)"
        ),
    }
}

/// Returns the statement after which the database numbers new rows from the highest number on.
pub(super) fn number_on(table: &CopiedTable, column: &str) -> String {
    let (name, numbers) = (identifier(&table.name), identifier(column));
    let (in_text, column) = (quoted(&name), quoted(column));
    format!(
        "SELECT setval(pg_get_serial_sequence('{in_text}', '{column}'), max({numbers})) FROM {name}
         HAVING max({numbers}) IS NOT NULL"
    )
}

/// Returns the query for the rows whose key has a NULL, as `count`.
pub(super) fn without_key(table: &CopiedTable) -> String {
    let nulls = table
        .key
        .iter()
        .map(|name| format!("{} IS NULL", identifier(name)));
    let nulls: Vec<_> = nulls.collect();
    let (name, nulls) = (identifier(&table.name), nulls.join(" OR "));
    format!("SELECT count(*) AS count FROM {name} WHERE {nulls}")
}

/// Returns PostgreSQL's query for the rows in which a floating-point number is NaN, as `count`.
pub(super) fn with_nan(table: &CopiedTable, column: &CopiedColumn) -> String {
    let (name, column) = (identifier(&table.name), identifier(&column.name));
    format!("SELECT count(*) AS count FROM {name} WHERE {column} = 'NaN'")
}

/// Returns a column as a JSON value.
fn out_of(column: &CopiedColumn, backend: Backend) -> String {
    let name = identifier(&column.name);
    match (column.holds, backend) {
        (Holds::Integer | Holds::Text, _) | (Holds::Truth, Backend::Sqlite) => name,
        (Holds::Truth, Backend::Postgres) => format!("{name}::int"),
        // hex(NULL) would be an empty text.
        (Holds::Bytes, Backend::Sqlite) => format!("iif({name} IS NULL, NULL, lower(hex({name})))"),
        (Holds::Bytes, Backend::Postgres) => format!("encode({name}, 'hex')"),
        // printf would make a number of anything. 21 digits name exactly one number of 64 bits.
        (Holds::Double | Holds::Single, Backend::Sqlite) => format!(
            "CASE WHEN typeof({name}) NOT IN ('real', 'integer') THEN {name}
                WHEN {name} = 9e999 THEN 'Infinity' WHEN {name} = -9e999 THEN '-Infinity'
                ELSE printf('%!.20e', {name}) END"
        ),
        (Holds::Double | Holds::Single, Backend::Postgres) => format!("{name}::text"),
    }
}

/// Returns the value of a column from its place in a JSON array.
fn into(column: &CopiedColumn, backend: Backend, from: &str, place: usize) -> String {
    match backend {
        Backend::Sqlite => {
            let value = format!("({from} ->> {place})");
            match column.holds {
                Holds::Integer | Holds::Text | Holds::Truth => value,
                Holds::Bytes => format!("unhex{value}"),
                Holds::Double | Holds::Single => format!(
                    "CASE {value} WHEN 'Infinity' THEN 9e999 WHEN '-Infinity' THEN -9e999
                        ELSE CAST({value} AS REAL) END"
                ),
            }
        }
        Backend::Postgres => {
            let text = format!("({from}::json ->> {place})");
            match column.holds {
                Holds::Integer => format!("{text}::bigint"),
                Holds::Text => text,
                Holds::Bytes => format!("decode({text}, 'hex')"),
                Holds::Truth => format!("{text}::int::boolean"),
                Holds::Double => format!("{text}::float8"),
                Holds::Single => format!("{text}::float4"),
            }
        }
    }
}

fn identifiers(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    names.join(", ")
}

fn join(columns: &[CopiedColumn], form: impl FnMut(&CopiedColumn) -> String) -> String {
    let formed: Vec<_> = columns.iter().map(form).collect();
    formed.join(", ")
}
