//! The smallest durable store: one table, one commit per batch, `synchronous=FULL`.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, ExpressionMethods as _, RunQueryDsl as _, SqliteConnection};
use std::path::Path;

diesel::table! {
    messages (id) {
        id -> BigInt,
        room -> Text,
        seq -> BigInt,
        body -> Text,
    }
}

pub(crate) struct Store {
    connection: SqliteConnection,
}

impl Store {
    #[expect(
        clippy::disallowed_methods,
        reason = "it measures SQLite alone, without storage"
    )]
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("floor.db").display().to_string();
        let mut connection = SqliteConnection::establish(&file)?;
        connection.batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE messages (id INTEGER PRIMARY KEY, room TEXT NOT NULL,
             seq INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (room, seq))",
        )?;
        Ok(Self { connection })
    }

    pub(crate) fn commit<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a str, u64, &'a str)>,
    ) -> anyhow::Result<()> {
        self.connection.transaction(|connection| {
            for (room, seq, body) in rows {
                let row = (
                    messages::room.eq(room),
                    messages::seq.eq(i64::try_from(seq)?),
                    messages::body.eq(body),
                );
                diesel::insert_into(messages::table)
                    .values(row)
                    .execute(connection)?;
            }
            Ok(())
        })
    }
}
