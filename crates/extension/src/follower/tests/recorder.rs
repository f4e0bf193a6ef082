//! A follower that records what it does: what it applied in its database, where a repeat fails.

use crate::{Cx, Follower, Page, StartFrom};
use parking_lot::Mutex;
use rooms::api::{Change, RoomInfo, Seq};
use std::sync::Arc;
use storage::prelude::*;
use storage::{Database, Migrations};
use tempfile::TempDir;

table! {
    applied (room_id, seq) { room_id -> BigInt, seq -> BigInt, has_text -> Bool, was_heard -> Bool }
}

table! {
    told (room_id, kept_from) { room_id -> BigInt, kept_from -> BigInt, title -> Text }
}

const TABLES: &str = "
    CREATE TABLE applied (room_id BIGINT NOT NULL, seq BIGINT NOT NULL, has_text BOOLEAN NOT NULL,
        was_heard BOOLEAN NOT NULL, PRIMARY KEY (room_id, seq));
    CREATE TABLE told (room_id BIGINT NOT NULL, kept_from BIGINT NOT NULL, title TEXT NOT NULL,
        PRIMARY KEY (room_id, kept_from));";

/// What goes wrong in [`Follower::act`] at one entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Poison {
    Fails,
    Panics,
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) poison: Mutex<Option<(Seq, Poison)>>,
    pub(super) resets: Mutex<u32>,
}

/// One that begins with what comes from now on, or at the beginning.
pub(super) struct Recorder<const NOW: bool>(pub(super) Arc<Shared>);

impl<const NOW: bool> Follower for Recorder<NOW> {
    const FROM: StartFrom = if NOW {
        StartFrom::Now
    } else {
        StartFrom::Beginning
    };

    async fn act(&self, page: &Page, _cx: &Cx) -> anyhow::Result<()> {
        let poison = *self.0.poison.lock();
        match poison {
            Some((seq, poison)) if page.entries.iter().any(|entry| entry.seq == seq) => {
                match poison {
                    Poison::Fails => anyhow::bail!("it is poison"),
                    Poison::Panics => panic!("it is poison"),
                }
            }
            _ => Ok(()),
        }
    }

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        for entry in &page.entries {
            let Change::Message { body, .. } = &entry.change else {
                unreachable!("all are messages")
            };
            let row = (
                applied::room_id.eq(page.room.id.0),
                applied::seq.eq(entry.seq),
                applied::has_text.eq(body.is_some()),
                applied::was_heard.eq(entry.heard_at.is_some()),
            );
            statement!(tx, |c| diesel::insert_into(applied::table)
                .values(row)
                .execute(c))?;
        }
        Ok(())
    }

    async fn forgotten(
        &self,
        room: &RoomInfo,
        kept_from: Seq,
        tx: &mut Writer<'_>,
    ) -> Result<(), Fault> {
        let row = (
            told::room_id.eq(room.id.0),
            told::kept_from.eq(kept_from),
            told::title.eq(&*room.title),
        );
        statement!(tx, |c| diesel::insert_into(told::table)
            .values(row)
            .execute(c))?;
        Ok(())
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        *self.0.resets.lock() += 1;
        statement!(tx, |c| diesel::delete(applied::table).execute(c))?;
        statement!(tx, |c| diesel::delete(told::table).execute(c))?;
        Ok(())
    }
}

/// Returns the migrations of its tables, in this folder.
pub(super) fn migrations(folder: &TempDir) -> Migrations {
    for backend in ["sqlite", "postgres"] {
        let one = folder
            .path()
            .join(backend)
            .join("2027-01-01-000001_recorder");
        std::fs::create_dir_all(&one).unwrap();
        std::fs::write(one.join("up.sql"), TABLES).unwrap();
    }
    Migrations::Folder(folder.path().to_owned())
}

/// An applied entry: its `seq`, whether it had a text, whether it was heard live.
pub(super) type Applied = (Seq, bool, bool);

/// Returns what was applied of a room, in order.
pub(super) async fn applied(database: &Database, room: i64) -> Vec<Applied> {
    let read = database.read("test.applied", move |reader| {
        Box::pin(async move {
            Ok(query!(reader, |c| applied::table
                .filter(applied::room_id.eq(room))
                .order(applied::seq)
                .select((applied::seq, applied::has_text, applied::was_heard))
                .load(c))?)
        })
    });
    read.await.unwrap()
}

/// Returns what it was told of retention: the room, its first entry, its title.
pub(super) async fn told(database: &Database) -> Vec<(i64, Seq, String)> {
    let read = database.read("test.told", |reader| {
        Box::pin(async move {
            Ok(query!(reader, |c| told::table
                .order((told::room_id, told::kept_from))
                .load(c))?)
        })
    });
    read.await.unwrap()
}
