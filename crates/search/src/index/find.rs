//! Finding: the newest messages first that have all of the words.

use crate::document::{LINK_TERM, author_term, room_term};
use crate::query::{Clause, Query};
use diesel::sql_types::{BigInt, Text};
use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use storage::Backend;
use storage::prelude::*;

/// What to look for, and where.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    pub(crate) query: Query,
    /// The rooms to look in: at least one.
    pub(crate) rooms: Vec<RoomId>,
    pub(crate) author: Option<UserId>,
    /// Whether only messages with a link count.
    pub(crate) with_link: bool,
    /// Only ids below this one.
    pub(crate) below: i64,
    /// Only ids from this one on.
    pub(crate) from: i64,
}

/// A message that the index has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub(crate) struct Hit {
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = BigInt)]
    room_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) seq: Seq,
}

impl Hit {
    pub(crate) fn room(&self) -> RoomId {
        RoomId(self.room_id)
    }
}

const ON_SQLITE: &str = "SELECT messages.id AS id, room_id, seq FROM words \
    CROSS JOIN messages ON messages.id = words.rowid \
    WHERE words MATCH ? AND words.rowid < ? AND words.rowid >= ? \
    ORDER BY words.rowid DESC LIMIT ?";

const ON_POSTGRES: &str = "SELECT id, room_id, seq FROM messages \
    WHERE words @@ $1::tsquery AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4";

/// Returns at most `limit` messages, the newest first.
pub(crate) async fn find(
    access: &mut impl Access,
    lookup: &Lookup,
    limit: i64,
) -> Result<Vec<Hit>, Fault> {
    let (text, wanted) = match access.backend() {
        Backend::Sqlite => (ON_SQLITE, lookup.for_sqlite()),
        Backend::Postgres => (ON_POSTGRES, lookup.for_postgres()),
    };
    Ok(query!(access, |c| diesel::sql_query(text)
        .bind::<Text, _>(&wanted)
        .bind::<BigInt, _>(lookup.below)
        .bind::<BigInt, _>(lookup.from)
        .bind::<BigInt, _>(limit)
        .load(c))?)
}

impl Lookup {
    fn for_sqlite(&self) -> String {
        let clauses = self.query.clauses.iter().map(|clause| {
            let open = if clause.is_open { " *" } else { "" };
            format!("\"{}\"{open}", clause.terms.join(" "))
        });
        let quoted = |term: String| format!("\"{term}\"");
        self.joined(clauses.collect(), quoted, " AND ", " OR ")
    }

    fn for_postgres(&self) -> String {
        let clauses = self.query.clauses.iter().map(Clause::for_postgres);
        let quoted = |term: String| format!("'{term}'");
        self.joined(clauses.collect(), quoted, " & ", " | ")
    }

    fn joined(
        &self,
        mut all: Vec<String>,
        quoted: fn(String) -> String,
        and: &str,
        or: &str,
    ) -> String {
        all.extend(self.author.map(author_term).map(quoted));
        all.extend(self.with_link.then(|| quoted(LINK_TERM.to_owned())));
        let rooms = self.rooms.iter().map(|room| quoted(room_term(*room)));
        all.push(format!("({})", rooms.collect::<Vec<_>>().join(or)));
        all.join(and)
    }
}

impl Clause {
    fn for_postgres(&self) -> String {
        let last = self.terms.len() - 1;
        let terms = self.terms.iter().enumerate().map(|(at, term)| {
            let open = if self.is_open && at == last { ":*" } else { "" };
            format!("'{term}'{open}")
        });
        format!("({})", terms.collect::<Vec<_>>().join(" <-> "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(query: &str) -> Lookup {
        Lookup {
            query: Query::parse(query).unwrap(),
            rooms: vec![RoomId(1), RoomId(20)],
            author: Some(UserId([1; 16])),
            with_link: true,
            below: i64::MAX,
            from: 0,
        }
    }

    #[test]
    fn each_database_gets_its_own_words_for_it() {
        let lookup = lookup("\"don't OR\" hel");
        let author = format!("_u{}", "01".repeat(16));
        assert_eq!(
            lookup.for_sqlite(),
            format!(
                "\"don t or\" AND \"hel\" * AND \"{author}\" AND \"_link\" AND (\"_r1\" OR \"_r20\")"
            )
        );
        assert_eq!(
            lookup.for_postgres(),
            format!(
                "('don' <-> 't' <-> 'or') & ('hel':*) & '{author}' & '_link' & ('_r1' | '_r20')"
            )
        );
    }
}
