//! Writing: a page of messages takes a few statements, however many it has.

use super::tables::{messages, words};
use crate::document::Document;
use rooms::api::{RoomId, Seq};
use sessions::api::UserId;
use std::collections::HashSet;
use storage::Backend;
use storage::list::{ListColumn, Rows, lengths};
use storage::prelude::*;

/// The most messages that one statement removes, so that each ends within its time.
const REMOVED_AT_ONCE: i64 = 2_000;

/// A message that is in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: i64,
    pub(crate) seq: Seq,
    pub(crate) author: UserId,
}

/// Returns those of a room's messages that are in the index.
pub(crate) async fn known(
    access: &mut impl Access,
    room: RoomId,
    seqs: &[Seq],
) -> Result<Vec<Known>, Fault> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, Seq, UserId)> = query!(access, |c| messages::table
        .filter(messages::room_id.eq(room.0))
        .filter(messages::seq.one_of(seqs.iter().copied()))
        .select((messages::id, messages::seq, messages::author))
        .load(c))?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, seq, author)| Known { id, seq, author })
        .collect())
}

/// Adds messages that are not in the index. One whose id is taken gets the next one that is free.
pub(crate) async fn insert(tx: &mut Writer<'_>, mut new: Vec<Document>) -> Result<(), Fault> {
    make_ids_unique(tx, &mut new).await?;
    let backend = tx.backend();
    let mut rest = &new[..];
    for length in lengths(backend, new.len()) {
        let (part, others) = rest.split_at(length);
        rest = others;
        let texts = texts(backend, part.iter().map(|new| new.terms.as_slice()));
        match backend {
            Backend::Sqlite => {
                let rows = Rows::<()>::new(
                    columns(part).into(),
                    "INSERT INTO messages (id, room_id, seq, author) \
                     SELECT w.own, w.room, w.place, w.writer FROM w",
                );
                statement!(tx, |c| rows.execute(c))?;
                let ids = part.iter().map(|new| new.id).collect();
                set_words(tx, ids, &texts).await?;
            }
            Backend::Postgres => {
                let mut all = Vec::from(columns(part));
                all.push(("text", texts.iter().map(String::as_str).collect()));
                let rows = Rows::<()>::new(
                    all,
                    "INSERT INTO messages (id, room_id, seq, author, words) \
                     SELECT w.own, w.room, w.place, w.writer, w.text::tsvector FROM w",
                );
                statement!(tx, |c| rows.execute(c))?;
            }
        }
    }
    Ok(())
}

fn columns(new: &[Document]) -> [(&'static str, ListColumn<'_>); 4] {
    [
        ("own", new.iter().map(|new| new.id).collect()),
        ("room", new.iter().map(|new| new.room.0).collect()),
        ("place", new.iter().map(|new| new.seq).collect()),
        ("writer", new.iter().map(|new| &new.author.0[..]).collect()),
    ]
}

/// Moves ids up to the next free one: past those that are stored, and past those of messages before them.
async fn make_ids_unique(tx: &mut Writer<'_>, new: &mut [Document]) -> Result<(), Fault> {
    let mut stored = HashSet::new();
    loop {
        let mut taken = stored.clone();
        for document in &mut *new {
            while !taken.insert(document.id) {
                document.id += 1;
            }
        }
        let wanted: Vec<i64> = new.iter().map(|document| document.id).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let found: Vec<i64> = query!(tx, |c| messages::table
            .filter(messages::id.one_of(wanted))
            .select(messages::id)
            .load(c))?;
        if found.is_empty() {
            return Ok(());
        }
        stored.extend(found);
    }
}

/// Gives messages that are in the index other terms.
pub(crate) async fn reword(
    tx: &mut Writer<'_>,
    reworded: &[(i64, Vec<String>)],
) -> Result<(), Fault> {
    let backend = tx.backend();
    let mut rest = reworded;
    for length in lengths(backend, reworded.len()) {
        let (part, others) = rest.split_at(length);
        rest = others;
        let ids: Vec<i64> = part.iter().map(|(id, _)| *id).collect();
        let texts = texts(backend, part.iter().map(|(_, terms)| terms.as_slice()));
        set_words(tx, ids, &texts).await?;
    }
    Ok(())
}

async fn set_words(tx: &mut Writer<'_>, ids: Vec<i64>, texts: &[String]) -> Result<(), Fault> {
    let statement = match tx.backend() {
        Backend::Sqlite => "INSERT OR REPLACE INTO words (rowid, body) SELECT w.own, w.text FROM w",
        Backend::Postgres => {
            "UPDATE messages SET words = w.text::tsvector FROM w WHERE messages.id = w.own"
        }
    };
    let texts = texts.iter().map(String::as_str).collect();
    let rows = Rows::<()>::new(
        vec![("own", ids.into_iter().collect()), ("text", texts)],
        statement,
    );
    statement!(tx, |c| rows.execute(c))?;
    Ok(())
}

/// Writes terms as the database reads them: one after another, with spaces between them, on `PostgreSQL` also
/// with their positions. A term has neither spaces nor quotation marks.
fn texts<'t>(backend: Backend, all: impl Iterator<Item = &'t [String]>) -> Vec<String> {
    let text = |terms: &[String]| match backend {
        Backend::Sqlite => terms.join(" "),
        Backend::Postgres => {
            let placed = terms.iter().enumerate();
            let placed = placed.map(|(at, term)| format!("'{term}':{}", at + 1));
            placed.collect::<Vec<_>>().join(" ")
        }
    };
    all.map(text).collect()
}

/// Removes messages from the index.
pub(crate) async fn remove(tx: &mut Writer<'_>, ids: &[i64]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    if tx.backend() == Backend::Sqlite {
        let of_these = words::table.filter(words::rowid.one_of(ids.iter().copied()));
        statement!(tx, |c| diesel::delete(of_these).execute(c))?;
    }
    let these = messages::table.filter(messages::id.one_of(ids.iter().copied()));
    statement!(tx, |c| diesel::delete(these).execute(c))?;
    Ok(())
}

/// Removes all messages of a room below a seq.
pub(crate) async fn forget(tx: &mut Writer<'_>, room: RoomId, below: Seq) -> Result<(), Fault> {
    loop {
        let ids: Vec<i64> = query!(tx, |c| messages::table
            .filter(messages::room_id.eq(room.0))
            .filter(messages::seq.lt(below))
            .select(messages::id)
            .limit(REMOVED_AT_ONCE)
            .load(c))?;
        if ids.is_empty() {
            return Ok(());
        }
        remove(tx, &ids).await?;
    }
}

/// Removes every message from the index.
pub(crate) async fn clear(tx: &mut Writer<'_>) -> Result<(), Fault> {
    let statements: &[&str] = match tx.backend() {
        Backend::Sqlite => &[
            "INSERT INTO words (words) VALUES ('delete-all')",
            "DELETE FROM messages",
        ],
        Backend::Postgres => &["TRUNCATE messages"],
    };
    for text in statements {
        statement!(tx, |c| diesel::sql_query(*text).execute(c))?;
    }
    Ok(())
}
