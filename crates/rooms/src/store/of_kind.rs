//! Of which kind the entries of a page are, as a condition.
//!
//! Spelled out rather than bound: only then do the databases see that their index of messages will
//! do. Without that a page of messages would go through every joining and leaving between them.

use super::schema::entries;
use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfKind {
    /// All entries.
    Any,
    /// `message` only.
    Message,
}

impl<DB: Backend> QueryFragment<DB> for OfKind {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(match self {
            Self::Any => "TRUE",
            Self::Message => "kind = 1",
        });
        Ok(())
    }
}

impl Expression for OfKind {
    type SqlType = Bool;
}

impl AppearsOnTable<entries::table> for OfKind {}

impl SelectableExpression<entries::table> for OfKind {}

impl<GroupBy> ValidGrouping<GroupBy> for OfKind {
    type IsAggregate = is_aggregate::Never;
}

/// Told apart by its text.
impl QueryId for OfKind {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
