//! Writing into the log, as sets.
//!
//! On SQLite `OR FAIL`: rows that went in before one that cannot stay until the job is undone, as it is
//! after any failure. Left to undo them itself, SQLite copies each page before it changes it.

use super::entry_row::EntryColumns;
use crate::api::{Entry, Seq};
use storage::Backend;
use storage::list::{self, Rows};
use storage::prelude::*;

/// Inserts entries, each with the fingerprint of what it said, if it says something.
pub(crate) async fn entries(
    tx: &mut Writer<'_>,
    lines: &[(&Entry, Option<[u8; 16]>)],
) -> Result<(), Fault> {
    let columns: Vec<EntryColumns<'_>> = lines
        .iter()
        .map(|(entry, _)| EntryColumns::of(entry))
        .collect();
    let (mut lines, mut columns) = (lines, &columns[..]);
    for length in list::lengths(tx.backend(), lines.len()) {
        let (these, their_columns);
        (these, lines) = lines.split_at(length);
        (their_columns, columns) = columns.split_at(length);
        let backend = tx.backend();
        statement!(tx, |c| set(these, their_columns, backend).execute(c))?;
    }
    Ok(())
}

macro_rules! insert {
    ($verb:literal) => {
        concat!(
            $verb,
            " INTO entries (room_id, seq, kind, author_id, at, cid, body, body_hash, target, \
             subject_id, detail) SELECT a, b, c, d, e, f, g, h, i, j, k FROM w"
        )
    };
}

fn set<'a>(
    lines: &'a [(&'a Entry, Option<[u8; 16]>)],
    columns: &'a [EntryColumns<'a>],
    backend: Backend,
) -> Rows<'a> {
    let entries = || lines.iter().map(|(entry, _)| entry);
    let prints = lines
        .iter()
        .map(|(_, fingerprint)| fingerprint.as_ref().map(|fingerprint| &fingerprint[..]));
    let subject = |c: &'a EntryColumns<'a>| c.subject.as_ref().map(|user| &user.0[..]);
    Rows::new(
        vec![
            ("a", entries().map(|entry| entry.room.0).collect()),
            ("b", entries().map(|entry| entry.seq).collect()),
            ("c", columns.iter().map(|c| c.kind).collect()),
            ("d", entries().map(|entry| &entry.author.id.0[..]).collect()),
            ("e", entries().map(|entry| entry.at).collect()),
            ("f", columns.iter().map(|c| c.cid).collect()),
            ("g", columns.iter().map(|c| c.body).collect()),
            ("h", prints.collect()),
            ("i", columns.iter().map(|c| c.target).collect()),
            ("j", columns.iter().map(subject).collect()),
            ("k", columns.iter().map(|c| c.detail.as_deref()).collect()),
        ],
        match backend {
            Backend::Sqlite => insert!("INSERT OR FAIL"),
            Backend::Postgres => insert!("INSERT"),
        },
    )
}

/// Moves heads, each with the time by the database's own clock, rounded down to ten seconds.
pub(crate) async fn heads(tx: &mut Writer<'_>, heads: &[(i64, Seq)]) -> Result<(), Fault> {
    let text = match tx.backend() {
        Backend::Sqlite => {
            "UPDATE OR FAIL rooms SET head = w.head, head_at = unixepoch() / 10 * 10000 \
             FROM w WHERE rooms.id = w.room"
        }
        Backend::Postgres => {
            "UPDATE rooms SET head = w.head, \
             head_at = floor(extract(epoch FROM clock_timestamp()) / 10)::bigint * 10000 \
             FROM w WHERE rooms.id = w.room"
        }
    };
    let set = || {
        let rooms = heads.iter().map(|(room, _)| *room);
        let seqs = heads.iter().map(|(_, head)| *head);
        Rows::<'_, ()>::new(
            vec![("room", rooms.collect()), ("head", seqs.collect())],
            text,
        )
    };
    statement!(tx, |c| set().execute(c))?;
    Ok(())
}
