//! Rooms: found, and locked by those who are about to write into them.

use super::codes::Code as _;
use super::people;
use super::schema::rooms;
use crate::api::{History, Kind, RoomFace, RoomId, RoomKey, Seq};
use sessions::api::{User, UserId, directory};
use std::collections::HashMap;
use std::sync::Arc;
use storage::prelude::*;
use storage::{Access, Connection};

/// A room as it stands in the present transaction.
#[derive(Clone)]
pub(crate) struct Room {
    /// As everyone in it sees it.
    pub(crate) face: Arc<RoomFace>,
    /// Its last entry.
    pub(crate) head: Seq,
    /// The entry that made it what its face shows.
    pub(crate) settled: Seq,
}

impl Room {
    /// The first entry that a member may read who joined there.
    pub(crate) fn visible_from(&self, joined_seq: Seq) -> Seq {
        match self.face.history {
            History::All => 1,
            History::SinceJoin => joined_seq,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rooms)]
struct Row {
    id: i64,
    key: String,
    title: String,
    topic: String,
    kind: i16,
    history: i16,
    head: i64,
    settled: i64,
    pair_low: Option<Vec<u8>>,
    pair_high: Option<Vec<u8>>,
}

/// The room with this key.
pub(crate) async fn find(access: &mut impl Access, key: &RoomKey) -> Result<Option<Room>, Fault> {
    let key: &str = &key.0;
    let row = query!(access, |c| rooms::table
        .filter(rooms::key.eq(key))
        .select(Row::as_select())
        .first(c))
    .optional()?;
    Ok(dress(access, row.into_iter().collect()).await?.pop())
}

/// The rooms with these ids, in no order.
pub(crate) async fn by_ids(access: &mut impl Access, ids: &[RoomId]) -> Result<Vec<Room>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = query!(access, |c| rooms::table
        .filter(rooms::id.eq_any(&ids))
        .select(Row::as_select())
        .load(c))?;
    dress(access, rows).await
}

/// Locks the rooms with these keys, in the order of their ids, until the transaction ends.
pub(crate) async fn lock(tx: &mut Writer<'_>, keys: &[&str]) -> Result<Vec<Room>, Fault> {
    // A writer's transaction on SQLite has locked the whole database.
    let rows = match tx.writable() {
        Connection::Sqlite(c) => {
            use diesel::RunQueryDsl as _;
            rooms::table
                .filter(rooms::key.eq_any(keys))
                .select(Row::as_select())
                .load(c)?
        }
        Connection::Postgres(c) => {
            use diesel_async::RunQueryDsl as _;
            rooms::table
                .filter(rooms::key.eq_any(keys))
                .order(rooms::id)
                .select(Row::as_select())
                .for_update()
                .load(c)
                .await?
        }
    };
    dress(tx, rows).await
}

/// Locks one room.
pub(crate) async fn lock_one(tx: &mut Writer<'_>, key: &RoomKey) -> Result<Option<Room>, Fault> {
    Ok(lock(tx, &[&key.0]).await?.pop())
}

/// Rooms of rows: the people of direct ones are looked up, all at once.
async fn dress(access: &mut impl Access, rows: Vec<Row>) -> Result<Vec<Room>, Fault> {
    let pairs = rows.iter().flat_map(|row| [&row.pair_low, &row.pair_high]);
    let ids: Vec<UserId> = pairs
        .flatten()
        .map(|id| people::id(id))
        .collect::<Result<_, _>>()?;
    let users = if ids.is_empty() {
        HashMap::new()
    } else {
        directory::by_id(access, &ids).await?
    };
    rows.into_iter().map(|row| row.into_room(&users)).collect()
}

impl Row {
    fn into_room(self, users: &HashMap<UserId, User>) -> Result<Room, Fault> {
        let pair = match (&self.pair_low, &self.pair_high) {
            (Some(low), Some(high)) => {
                let (low, high) = (people::id(low)?, people::id(high)?);
                Some((people::named(users, low), people::named(users, high)))
            }
            _ => None,
        };
        let face = RoomFace {
            id: RoomId(self.id),
            key: RoomKey(self.key.into()),
            title: self.title,
            topic: self.topic,
            kind: Kind::decode(self.kind)?,
            history: History::decode(self.history)?,
            pair,
        };
        Ok(Room {
            face: Arc::new(face),
            head: self.head,
            settled: self.settled,
        })
    }
}
