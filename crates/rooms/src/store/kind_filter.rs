//! A condition on the kind of entries.
//!
//! The kind is a literal in the SQL, not a bound value: only then can SQLite, and PostgreSQL's generic
//! plans, use the partial index of messages. Without it a page of messages would read through all
//! joining and leaving in between. diesel's own `sql` would also write a literal, but such a query is
//! parsed anew each time.

use super::codes::entry::MESSAGE;
use super::schema::entries;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;

/// The kinds of entries to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindFilter {
    /// Entries of any kind.
    Any,
    /// Entries of the kind `message` only.
    Message,
}

const _: () = assert!(MESSAGE == 1, "the literal below and in the index");

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

/// Statements with different filters are cached by their SQL text.
impl QueryId for KindFilter {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
