//! Of which kind the entries of a page are, as a condition.
//!
//! Spelled out rather than bound: SQLite, whose plans hold for whatever is bound, then sees that the
//! index of messages will do, and so do PostgreSQL's generic plans. Without that a page of messages
//! would go through every joining and leaving between them. diesel's own `sql` would do the same, but
//! has a query parsed anew each time.

use super::codes::entry::MESSAGE;
use super::schema::entries;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindFilter {
    /// All entries.
    Any,
    /// `message` only.
    Message,
}

const _: () = assert!(MESSAGE == 1, "as it is spelled out below and in the index");

impl<DB: Backend> QueryFragment<DB> for KindFilter {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(match self {
            Self::Any => "TRUE",
            Self::Message => "kind = 1",
        });
        Ok(())
    }
}

impl Expression for KindFilter {
    type SqlType = Bool;
}

impl AppearsOnTable<entries::table> for KindFilter {}

impl<GroupBy> ValidGrouping<GroupBy> for KindFilter {
    type IsAggregate = is_aggregate::Never;
}

/// Told apart by its text.
impl QueryId for KindFilter {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
