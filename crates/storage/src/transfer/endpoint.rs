//! One end of a copy: a connection of its own, used from one blocking thread.

use super::TransferError;
use super::copied_table::{CopiedColumn, CopiedTable};
use super::copy_state::{CopyState, UNFINISHED};
use super::sql::{self, Page};
use crate::backend::postgres::{self, answered};
use crate::backend::{identifier, sqlite};
use crate::{Backend, DatabaseConfig, OpenError, Url};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{
    Connection as _, OptionalExtension as _, QueryResult, QueryableByName, RunQueryDsl as _,
    SqliteConnection, sql_query,
};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::collections::BTreeSet;

/// A database at one end.
pub(super) enum Endpoint {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<AsyncConnectionWrapper<AsyncPgConnection>>),
}

/// Runs the same code on either connection.
macro_rules! on {
    ($endpoint:expr, |$c:ident| $body:expr) => {
        match $endpoint {
            Endpoint::Sqlite($c) => {
                let $c = $c.as_mut();
                $body
            }
            Endpoint::Postgres($c) => {
                let $c = $c.as_mut();
                $body
            }
        }
    };
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// All columns of all tables except storage's own.
const SQLITE_COLUMNS: &str = "SELECT m.name || '.' || p.name AS line
    FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND m.name NOT IN ('storage_meta', '__diesel_schema_migrations')";

const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name AS line
    FROM information_schema.columns WHERE table_schema = current_schema()
        AND table_name NOT IN ('storage_meta', '__diesel_schema_migrations')";

/// With fewer digits, which a role may have set, floating-point numbers would lose some.
const EXACT_NUMBERS: &str = "SET extra_float_digits = 1";

impl Endpoint {
    /// Opens a connection whose statements may take as long as they need.
    pub(super) async fn open(config: &DatabaseConfig) -> Result<Self, OpenError> {
        match &config.url {
            Url::Sqlite(file) => {
                let connection = sqlite::open(&sqlite::uri(file, ""))
                    .map_err(|error| config.unreachable(&error))?;
                Ok(Self::Sqlite(Box::new(connection)))
            }
            Url::Postgres(url) => {
                let mut connection = postgres::connect(url, config.schema.as_deref())
                    .await
                    .map_err(|error| config.cannot_connect(&error))?;
                let set = SimpleAsyncConnection::batch_execute(&mut connection, EXACT_NUMBERS);
                answered(set)
                    .await
                    .map_err(|error| config.unreachable(&error))?;
                Ok(Self::Postgres(Box::new(connection.into())))
            }
        }
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// Opens a snapshot, and refuses writes from now on.
    pub(super) fn begin_snapshot(&mut self) -> Result<(), TransferError> {
        let begin = match self.backend() {
            Backend::Sqlite => "PRAGMA query_only = ON; BEGIN",
            Backend::Postgres => "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        on!(self, |c| SimpleConnection::batch_execute(c, begin)).map_err(TransferError::of_state)
    }

    /// Fails if the list leaves out a column, or names one that does not exist.
    pub(super) fn check_list(&mut self, tables: &[CopiedTable]) -> Result<(), TransferError> {
        let columns = match self.backend() {
            Backend::Sqlite => SQLITE_COLUMNS,
            Backend::Postgres => POSTGRES_COLUMNS,
        };
        let found: BTreeSet<String> = self
            .lines(columns)
            .map_err(TransferError::of_state)?
            .into_iter()
            .collect();
        let listed: BTreeSet<String> = tables
            .iter()
            .flat_map(|table| {
                let columns = table.columns.iter();
                columns.map(|column| format!("{}.{}", table.name, column.name))
            })
            .collect();
        match found.symmetric_difference(&listed).next() {
            Some(column) => Err(TransferError::Unlisted(column.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn epoch(&mut self) -> Result<String, TransferError> {
        self.meta("epoch")?
            .ok_or_else(|| TransferError::Bug("a migrated store has an epoch".to_owned()))
    }

    /// Returns the value of this key in `storage_meta`.
    pub(super) fn meta(&mut self, key: &str) -> Result<Option<String>, TransferError> {
        let query = format!("SELECT value AS line FROM storage_meta WHERE key = '{key}'");
        let row = on!(self, |c| sql_query(query).get_result::<TextRow>(c)).optional();
        Ok(row.map_err(TransferError::of_state)?.map(|row| row.line))
    }

    pub(super) fn count(&mut self, table: &CopiedTable) -> Result<u64, TransferError> {
        let query = format!("SELECT count(*) AS count FROM {}", identifier(&table.name));
        self.counted(query, table)
    }

    /// Returns the number of rows whose key has a NULL.
    pub(super) fn rows_without_key(&mut self, table: &CopiedTable) -> Result<u64, TransferError> {
        self.counted(sql::without_key(table), table)
    }

    /// Returns the number of rows of PostgreSQL in which this floating-point number is NaN.
    pub(super) fn rows_with_nan(
        &mut self,
        table: &CopiedTable,
        column: &CopiedColumn,
    ) -> Result<u64, TransferError> {
        self.counted(sql::with_nan(table, column), table)
    }

    fn counted(&mut self, query: String, table: &CopiedTable) -> Result<u64, TransferError> {
        let row: Count =
            on!(self, |c| sql_query(query).get_result(c)).map_err(TransferError::at(table))?;
        Ok(row.count.unsigned_abs())
    }

    /// Removes the rows that the migrations have written, and marks the target as unfinished.
    pub(super) fn clear(
        &mut self,
        tables: &[CopiedTable],
        state: &CopyState,
    ) -> Result<(), TransferError> {
        let delete = |table: &CopiedTable| format!("DELETE FROM {}", identifier(&table.name));
        let state = state.json();
        let mut at = None;
        let cleared: QueryResult<usize> = on!(self, |c| c.transaction(|c| {
            for table in tables.iter().rev() {
                at = Some(table);
                sql_query(delete(table)).execute(c)?;
            }
            at = None;
            sql_query(CopyState::REMEMBER)
                .bind::<Text, _>(state)
                .execute(c)
        }));
        cleared.map(drop).map_err(|error| match at {
            Some(table) => TransferError::at(table)(error),
            None => TransferError::of_state(error),
        })
    }

    /// Returns the rows after a key, at most so many.
    pub(super) fn page(
        &mut self,
        table: &CopiedTable,
        after: Option<&str>,
        rows: usize,
    ) -> Result<Page, TransferError> {
        let query = sql::read(table, self.backend(), after.is_some(), rows);
        let lines = match after {
            None => self.lines(&query),
            Some(key) => {
                let bound = on!(self, |c| {
                    sql_query(query).bind::<Text, _>(key).load::<TextRow>(c)
                });
                bound.map(texts)
            }
        };
        let lines = lines.map_err(TransferError::at(table))?;
        Page::new(table, lines).map_err(|error| TransferError::Bug(error.to_string()))
    }

    /// Adds rows and writes how far the copy is, in one transaction.
    pub(super) fn add(
        &mut self,
        table: &CopiedTable,
        page: &Page,
        state: &CopyState,
    ) -> Result<(), TransferError> {
        let write = sql::write(table, self.backend());
        let (rows, state) = (page.json(), state.json());
        let added: QueryResult<usize> = on!(self, |c| c.transaction(|c| {
            sql_query(write).bind::<Text, _>(rows).execute(c)?;
            sql_query(CopyState::REMEMBER)
                .bind::<Text, _>(state)
                .execute(c)
        }));
        added.map(drop).map_err(TransferError::at(table))
    }

    /// Makes the target a store like any other.
    pub(super) fn finish(&mut self, tables: &[CopiedTable]) -> Result<(), TransferError> {
        let numbered = tables
            .iter()
            .filter_map(|table| Some(sql::number_on(table, table.numbered.as_deref()?)));
        // SQLite continues from the numbers it was given.
        let mut statements: Vec<String> = match self.backend() {
            Backend::Sqlite => Vec::new(),
            Backend::Postgres => numbered.collect(),
        };
        statements.push(format!(
            "DELETE FROM storage_meta WHERE key = '{UNFINISHED}'"
        ));
        let finished: QueryResult<()> = on!(self, |c| c.transaction(|c| {
            for statement in statements {
                sql_query(statement).execute(c)?;
            }
            Ok(())
        }));
        finished.map_err(TransferError::of_state)
    }

    pub(super) fn lines(&mut self, query: &str) -> QueryResult<Vec<String>> {
        on!(self, |c| sql_query(query).load::<TextRow>(c)).map(texts)
    }
}

fn texts(lines: Vec<TextRow>) -> Vec<String> {
    lines.into_iter().map(|line| line.line).collect()
}
