//! A list of rows given to one statement, on both databases: `WITH w(a, b) AS (…) SELECT … FROM w`.
//!
//! PostgreSQL gets one array per column and unfolds them, so the statement's text is the same for
//! any number of rows and stays prepared. SQLite has no arrays and gets a list of values, whose
//! length is a power of two, the last row repeated if need be: so few texts stay prepared, where
//! parsing would cost as much as the work itself. Whoever inserts asks [`lengths`] for parts that
//! need no repeat.
//!
//! What a list is joined with is found by CROSS JOIN and WHERE: SQLite then walks through the list.
//! Left to choose, it reads the whole table once the list is long, as it knows nothing of sizes.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;
use sessions::api::UserId;
use std::marker::PhantomData;

/// One column of the list.
pub(crate) enum Column<'a> {
    /// Numbers.
    Numbers(Vec<i64>),
    /// Numbers that may be absent.
    MaybeNumbers(Vec<Option<i64>>),
    /// Codes.
    Codes(Vec<i16>),
    /// People.
    People(Vec<UserId>),
    /// People that may be absent.
    MaybePeople(Vec<Option<UserId>>),
    /// Hashes that may be absent.
    MaybeBytes(Vec<Option<&'a [u8]>>),
    /// Texts.
    Texts(Vec<&'a str>),
    /// Texts that may be absent.
    MaybeTexts(Vec<Option<&'a str>>),
}

/// Does the same with whatever vector a column holds.
macro_rules! each_kind {
    ($column:expr, |$v:ident, $sql_type:ident| $body:expr) => {
        match $column {
            Column::Numbers($v) => {
                type $sql_type = BigInt;
                $body
            }
            Column::MaybeNumbers($v) => {
                type $sql_type = Nullable<BigInt>;
                $body
            }
            Column::Codes($v) => {
                type $sql_type = SmallInt;
                $body
            }
            Column::People($v) => {
                type $sql_type = Binary;
                $body
            }
            Column::MaybePeople($v) => {
                type $sql_type = Nullable<Binary>;
                $body
            }
            Column::MaybeBytes($v) => {
                type $sql_type = Nullable<Binary>;
                $body
            }
            Column::Texts($v) => {
                type $sql_type = Text;
                $body
            }
            Column::MaybeTexts($v) => {
                type $sql_type = Nullable<Text>;
                $body
            }
        }
    };
}

impl Column<'_> {
    fn len(&self) -> usize {
        each_kind!(self, |v, _T| v.len())
    }
}

/// A statement over a list of rows named `w`. `Row` is the SQL type of what it returns.
pub(crate) struct Rows<'a, Row = ()> {
    columns: Vec<(&'static str, Column<'a>)>,
    statement: &'static str,
    row: PhantomData<fn() -> Row>,
}

impl<'a, Row> Rows<'a, Row> {
    /// `columns` are of one length, not 0. On SQLite the last row may be given several times.
    pub(crate) fn new(columns: Vec<(&'static str, Column<'a>)>, statement: &'static str) -> Self {
        debug_assert!(
            columns
                .iter()
                .all(|(_, column)| column.len() == columns[0].1.len())
        );
        Self {
            columns,
            statement,
            row: PhantomData,
        }
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
        self.open(&mut out);
        out.push_sql("VALUES ");
        let given = self.columns[0].1.len();
        for row in 0..given.next_power_of_two() {
            separate(row, &mut out);
            out.push_sql("(");
            let given_row = row.min(given - 1);
            for (n, (_, column)) in self.columns.iter().enumerate() {
                separate(n, &mut out);
                each_kind!(column, |v, T| out.push_bind_param::<T, _>(&v[given_row])?);
            }
            out.push_sql(")");
        }
        self.close(&mut out);
        Ok(())
    }
}

/// Lengths that add up to `all`, each of which a list may have without a repeat.
pub(crate) fn lengths(backend: storage::Backend, all: usize) -> impl Iterator<Item = usize> {
    let mut left = all;
    std::iter::from_fn(move || {
        let highest = left.checked_ilog2()?;
        let length = match backend {
            storage::Backend::Sqlite => 1 << highest,
            storage::Backend::Postgres => left,
        };
        left -= length;
        Some(length)
    })
}

/// Told apart by their text.
impl<Row> QueryId for Rows<'_, Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row> Query for Rows<'_, Row> {
    type SqlType = Row;
}

impl<Row, Conn> diesel::RunQueryDsl<Conn> for Rows<'_, Row> {}

#[cfg(test)]
mod tests {
    use super::lengths;
    use storage::Backend;

    #[test]
    fn a_list_is_cut_where_nothing_has_to_be_repeated() {
        let cut = |backend, all| lengths(backend, all).collect::<Vec<_>>();
        assert_eq!(cut(Backend::Sqlite, 200), [128, 64, 8]);
        assert_eq!(cut(Backend::Sqlite, 1), [1]);
        assert_eq!(cut(Backend::Postgres, 200), [200]);
        assert_eq!(cut(Backend::Sqlite, 0), Vec::<usize>::new());
    }
}
