//! Inserting entries and moving heads, as sets.
//!
//! On SQLite the statements use `OR FAIL`: if a row fails, the rows before it stay until the job is
//! rolled back, as it is after any failure. To undo them itself, SQLite would copy each page before
//! changing it.

use super::entry_row::EntryColumns;
use crate::api::{Entry, Seq};
use storage::Backend;
use storage::list::{self, Rows};
use storage::prelude::*;

/// Inserts entries, each with its fingerprint if it is a message.
pub(crate) async fn entries(
    tx: &mut Writer<'_>,
    rows: &[(&Entry, Option<[u8; 16]>)],
) -> Result<(), Fault> {
    let columns: Vec<EntryColumns<'_>> = rows
        .iter()
        .map(|(entry, _)| EntryColumns::of(entry))
        .collect();
    let (mut rows, mut columns) = (rows, &columns[..]);
    for length in list::lengths(tx.backend(), rows.len()) {
        let (these, their_columns);
        (these, rows) = rows.split_at(length);
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
    rows: &'a [(&'a Entry, Option<[u8; 16]>)],
    columns: &'a [EntryColumns<'a>],
    backend: Backend,
) -> Rows<'a> {
    let entries = || rows.iter().map(|(entry, _)| entry);
    let fingerprints = rows
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
            ("h", fingerprints.collect()),
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

/// Moves the rooms' heads and records when, by the database's clock, rounded down to ten seconds.
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
