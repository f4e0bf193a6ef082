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

/// Up to so many rooms are terms of PostgreSQL's index: it merges the lists of few terms soon.
const ROOMS_AS_TERMS: usize = 8;

const IN_FEW_ROOMS: &str = "SELECT id, room_id, seq FROM messages \
    WHERE words @@ $1::tsquery AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4";

/// Reads the newest messages of all rooms: enough for words that are frequent in these rooms.
const AMONG_THE_NEWEST: &str = "SELECT id, room_id, seq FROM \
    (SELECT * FROM messages WHERE id < $2 AND id >= $3 ORDER BY id DESC LIMIT 20000) AS newest \
    WHERE words @@ $1::tsquery AND room_id = ANY ($5::bigint[]) ORDER BY id DESC LIMIT $4";

/// Collects all hits before it sorts them. Left the choice, PostgreSQL would rather walk down the ids and
/// hope for hits, which takes seconds where they are rare.
const IN_MANY_ROOMS: &str = "SELECT id, room_id, seq FROM messages \
    WHERE words @@ $1::tsquery AND room_id = ANY ($5::bigint[]) AND id < $2 AND id >= $3 \
    ORDER BY id + 0 DESC LIMIT $4";

/// Returns at most `limit` messages, the newest first.
pub(crate) async fn find(
    access: &mut impl Access,
    lookup: &Lookup,
    limit: i64,
) -> Result<Vec<Hit>, Fault> {
    match access.backend() {
        Backend::Sqlite => find_terms(access, ON_SQLITE, &lookup.for_sqlite(), lookup, limit).await,
        Backend::Postgres if lookup.rooms.len() <= ROOMS_AS_TERMS => {
            find_terms(access, IN_FEW_ROOMS, &lookup.for_postgres(), lookup, limit).await
        }
        Backend::Postgres => {
            let hits = find_in_rooms(access, AMONG_THE_NEWEST, lookup, limit).await?;
            if i64::try_from(hits.len()) == Ok(limit) {
                return Ok(hits);
            }
            find_in_rooms(access, IN_MANY_ROOMS, lookup, limit).await
        }
    }
}

/// Finds by terms alone: the rooms are terms, too.
async fn find_terms(
    access: &mut impl Access,
    text: &str,
    wanted: &str,
    lookup: &Lookup,
    limit: i64,
) -> Result<Vec<Hit>, Fault> {
    Ok(query!(access, |c| diesel::sql_query(text)
        .bind::<Text, _>(wanted)
        .bind::<BigInt, _>(lookup.below)
        .bind::<BigInt, _>(lookup.from)
        .bind::<BigInt, _>(limit)
        .load(c))?)
}

/// Finds by terms and a list of rooms.
async fn find_in_rooms(
    access: &mut impl Access,
    text: &str,
    lookup: &Lookup,
    limit: i64,
) -> Result<Vec<Hit>, Fault> {
    let wanted = lookup.without_rooms();
    let rooms = lookup.rooms.iter().map(|room| room.0.to_string());
    let rooms = format!("{{{}}}", rooms.collect::<Vec<_>>().join(","));
    Ok(query!(access, |c| diesel::sql_query(text)
        .bind::<Text, _>(&wanted)
        .bind::<BigInt, _>(lookup.below)
        .bind::<BigInt, _>(lookup.from)
        .bind::<BigInt, _>(limit)
        .bind::<Text, _>(&rooms)
        .load(c))?)
}

impl Lookup {
    fn for_sqlite(&self) -> String {
        let clauses = self.query.clauses.iter().map(|clause| {
            let open = if clause.is_open { " *" } else { "" };
            format!("\"{}\"{open}", clause.terms.join(" "))
        });
        let quoted = |term: String| format!("\"{term}\"");
        let mut all = self.with_filters(clauses.collect(), quoted);
        all.push(self.any_room(quoted, " OR "));
        all.join(" AND ")
    }

    fn for_postgres(&self) -> String {
        let rooms = self.any_room(|term| format!("'{term}'"), " | ");
        format!("{} & {rooms}", self.without_rooms())
    }

    /// Returns the words and filters for PostgreSQL.
    fn without_rooms(&self) -> String {
        let clauses = self.query.clauses.iter().map(Clause::for_postgres);
        let quoted = |term: String| format!("'{term}'");
        self.with_filters(clauses.collect(), quoted).join(" & ")
    }

    fn with_filters(&self, mut all: Vec<String>, quoted: fn(String) -> String) -> Vec<String> {
        all.extend(self.author.map(author_term).map(quoted));
        all.extend(self.with_link.then(|| quoted(LINK_TERM.to_owned())));
        all
    }

    fn any_room(&self, quoted: fn(String) -> String, or: &str) -> String {
        let rooms = self.rooms.iter().map(|room| quoted(room_term(*room)));
        format!("({})", rooms.collect::<Vec<_>>().join(or))
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
