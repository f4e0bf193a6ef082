//! A list of rows given to one statement, on both databases: `WITH w(a, b) AS (…) SELECT … FROM w`.
//!
//! Statements should join the list by CROSS JOIN and WHERE: SQLite then walks through the list.
//! Left to choose, it reads the whole table once the list is long, as it does not know the sizes.

use super::column::each_kind;
use super::{ListColumn, is_kept, places};
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Array;
use diesel::sqlite::Sqlite;
use std::marker::PhantomData;

/// A statement over a list of rows named `w`. `Row` is the SQL type of what it returns.
pub struct Rows<'a, Row = ()> {
    columns: Vec<(&'static str, ListColumn<'a>)>,
    statement: &'static str,
    row: PhantomData<fn() -> Row>,
}

impl<'a, Row> Rows<'a, Row> {
    /// Returns the statement. `columns` must have one length, not 0. On SQLite the last row may be
    /// given several times.
    #[must_use]
    pub fn new(columns: Vec<(&'static str, ListColumn<'a>)>, statement: &'static str) -> Self {
        let rows = Self {
            columns,
            statement,
            row: PhantomData,
        };
        debug_assert!(rows.len() > 0, "no rows for {statement}");
        debug_assert!(rows.columns.iter().all(|(_, c)| c.len() == rows.len()));
        rows
    }

    fn len(&self) -> usize {
        self.columns[0].1.len()
    }

    fn open<DB: Backend>(&self, out: &mut AstPass<'_, '_, DB>) {
        out.push_sql("WITH w(");
        for (n, (name, _)) in self.columns.iter().enumerate() {
            separate(n, out);
            out.push_sql(name);
        }
        out.push_sql(") AS (");
    }

    fn close<DB: Backend>(&self, out: &mut AstPass<'_, '_, DB>) {
        out.push_sql(") ");
        out.push_sql(self.statement);
    }
}

fn separate<DB: Backend>(n: usize, out: &mut AstPass<'_, '_, DB>) {
    if n > 0 {
        out.push_sql(", ");
    }
}

impl<Row> QueryFragment<Pg> for Rows<'_, Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.open(&mut out);
        out.push_sql("SELECT * FROM unnest(");
        for (n, (_, column)) in self.columns.iter().enumerate() {
            separate(n, &mut out);
            each_kind!(column, |v, T| out.push_bind_param::<Array<T>, _>(v)?);
        }
        out.push_sql(")");
        self.close(&mut out);
        Ok(())
    }
}

impl<Row> QueryFragment<Sqlite> for Rows<'_, Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let given = self.len();
        if !is_kept(given) {
            out.unsafe_to_cache_prepared();
        }
        self.open(&mut out);
        out.push_sql("VALUES ");
        for place in 0..places(given) {
            separate(place, &mut out);
            out.push_sql("(");
            let row = place.min(given - 1);
            for (n, (_, column)) in self.columns.iter().enumerate() {
                separate(n, &mut out);
                each_kind!(column, |v, T| out.push_bind_param::<T, _>(&v[row])?);
            }
            out.push_sql(")");
        }
        self.close(&mut out);
        Ok(())
    }
}

/// Statements are told apart by their text.
impl<Row> QueryId for Rows<'_, Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row> Query for Rows<'_, Row> {
    type SqlType = Row;
}

impl<Row, Conn> diesel::RunQueryDsl<Conn> for Rows<'_, Row> {}
