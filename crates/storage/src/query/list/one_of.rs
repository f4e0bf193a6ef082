//! A condition that a column is one of many values.

use super::{is_kept, places};
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, Bool, HasSqlType, SingleValue, SqlType};
use diesel::sqlite::Sqlite;

/// The methods that [`crate::prelude`] adds to columns.
pub trait ListExpressionMethods: Expression + Sized {
    /// Returns the condition that the column is one of these values; false without values. The
    /// statement stays prepared on both databases, which with diesel's `eq_any` it does not on
    /// SQLite.
    fn one_of<T>(self, values: impl IntoIterator<Item = T>) -> OneOf<Self, T> {
        OneOf {
            column: self,
            values: values.into_iter().collect(),
        }
    }
}

impl<C: Expression> ListExpressionMethods for C {}

/// The condition that [`ListExpressionMethods::one_of`] returns.
#[derive(Debug, Clone)]
pub struct OneOf<C, T> {
    column: C,
    values: Vec<T>,
}

impl<C, T> QueryFragment<Pg> for OneOf<C, T>
where
    C: Expression + QueryFragment<Pg>,
    C::SqlType: SqlType + TypedExpressionType,
    Pg: HasSqlType<C::SqlType>,
    Vec<T>: ToSql<Array<C::SqlType>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<C::SqlType>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C, T> QueryFragment<Sqlite> for OneOf<C, T>
where
    C: Expression + QueryFragment<Sqlite>,
    C::SqlType: SingleValue,
    Sqlite: HasSqlType<C::SqlType>,
    T: ToSql<C::SqlType, Sqlite>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Some(last) = self.values.last() else {
            out.push_sql("FALSE");
            return Ok(());
        };
        if !is_kept(self.values.len()) {
            out.unsafe_to_cache_prepared();
        }
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for place in 0..places(self.values.len()) {
            if place > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<C::SqlType, _>(self.values.get(place).unwrap_or(last))?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<C: Expression, T> Expression for OneOf<C, T> {
    type SqlType = Bool;
}

impl<C, T, From> AppearsOnTable<From> for OneOf<C, T> where C: AppearsOnTable<From> {}

impl<C, T, From> SelectableExpression<From> for OneOf<C, T> where C: SelectableExpression<From> {}

impl<C, T, GroupBy> ValidGrouping<GroupBy> for OneOf<C, T>
where
    C: ValidGrouping<GroupBy>,
{
    type IsAggregate = C::IsAggregate;
}

/// Statements are told apart by their text.
impl<C, T> QueryId for OneOf<C, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
