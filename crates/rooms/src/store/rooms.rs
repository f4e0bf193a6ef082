//! Rooms: finding, locking, creating and changing them.

use super::codes::Code as _;
use super::people;
use super::schema::rooms;
use crate::api::{History, Kind, RoomId, RoomInfo, RoomKey, Seq};
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use sessions::api::{User, UserId, directory};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use storage::Backend;
use storage::list::Rows;
use storage::prelude::*;

/// A room as the current transaction sees it.
#[derive(Clone)]
pub(crate) struct Room {
    /// The properties that everyone in it sees.
    pub(crate) info: Arc<RoomInfo>,
    /// The seq of the last entry.
    pub(crate) head: Seq,
    /// The first entry that retention has kept.
    pub(crate) kept_from: Seq,
    /// The entry that last set the properties.
    pub(crate) settled: Seq,
    /// The person who created it; `None` if the server did.
    pub(crate) creator: Option<UserId>,
    /// The number of members.
    pub(crate) members: u64,
}

impl Room {
    /// Returns whether people can own the room: not a direct room, nor one of the server's.
    pub(crate) fn has_owners(&self) -> bool {
        self.info.kind != Kind::Direct && self.creator.is_some()
    }

    /// Returns the first entry that a member who joined at `joined_seq` may read.
    pub(crate) fn visible_from(&self, joined_seq: Seq) -> Seq {
        match self.info.history {
            History::All => self.kept_from,
            History::SinceJoin => self.kept_from.max(joined_seq),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rooms)]
struct RoomRow {
    id: i64,
    key: String,
    title: String,
    topic: String,
    kind: i16,
    history: i16,
    head: i64,
    kept_from: i64,
    settled: i64,
    pair_low: Option<UserId>,
    pair_high: Option<UserId>,
    creator: Option<UserId>,
    member_count: i64,
}

/// Returns whether a room may have this key: all keys are short, and PostgreSQL accepts no NUL.
fn may_be_a_key(key: &str) -> bool {
    key.len() <= 32 && !key.contains('\0')
}

/// Returns the room with this key.
pub(crate) async fn find(access: &mut impl Access, key: &RoomKey) -> Result<Option<Room>, Fault> {
    let key: &str = &key.0;
    if !may_be_a_key(key) {
        return Ok(None);
    }
    let row = query!(access, |c| rooms::table
        .filter(rooms::key.eq(key))
        .select(RoomRow::as_select())
        .first(c))
    .optional()?;
    only_room(access, row).await
}

/// Returns the direct room of two people, given with the lower id first.
pub(crate) async fn find_direct(
    access: &mut impl Access,
    (low, high): (UserId, UserId),
) -> Result<Option<Room>, Fault> {
    let row = query!(access, |c| rooms::table
        .filter(rooms::pair_low.eq(low))
        .filter(rooms::pair_high.eq(high))
        .select(RoomRow::as_select())
        .first(c))
    .optional()?;
    only_room(access, row).await
}

/// Returns the private room that a person created under this `cid`, and the fingerprint of the request.
pub(crate) async fn find_by_cid(
    access: &mut impl Access,
    creator: UserId,
    cid: &str,
) -> Result<Option<(Room, Vec<u8>)>, Fault> {
    let found: Option<(RoomRow, Option<Vec<u8>>)> = query!(access, |c| rooms::table
        .filter(rooms::creator.eq(creator))
        .filter(rooms::cid.eq(cid))
        .select((RoomRow::as_select(), rooms::made_of))
        .first(c))
    .optional()?;
    let Some((row, made_of)) = found else {
        return Ok(None);
    };
    let room = only_room(access, Some(row)).await?;
    Ok(room.zip(Some(made_of.unwrap_or_default())))
}

async fn only_room(access: &mut impl Access, row: Option<RoomRow>) -> Result<Option<Room>, Fault> {
    Ok(into_rooms(access, row.into_iter().collect()).await?.pop())
}

/// Returns at most `limit` public rooms ordered by key, after the key `after`; leaves out empty rooms
/// that people created.
pub(crate) async fn public(
    access: &mut impl Access,
    after: &str,
    limit: usize,
) -> Result<Vec<Room>, Fault> {
    if after.contains('\0') {
        return Ok(Vec::new());
    }
    let rows = query!(access, |c| rooms::table
        .filter(rooms::key.gt(after))
        // Generated keys begin with `~`.
        .filter(rooms::key.lt("~"))
        .filter(rooms::kind.eq(Kind::Public.code()))
        .filter(rooms::creator.is_null().or(rooms::member_count.gt(0)))
        .order(rooms::key)
        .select(RoomRow::as_select())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c))?;
    into_rooms(access, rows).await
}

/// The maximum number of ids in one statement.
const IDS_AT_ONCE: usize = 1_000;

/// Returns the rooms with these ids.
pub(crate) async fn by_ids(
    access: &mut impl Access,
    ids: &HashSet<RoomId>,
) -> Result<HashMap<RoomId, Room>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let mut rows = Vec::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let found: Vec<RoomRow> = query!(access, |c| rooms::table
            .filter(rooms::id.one_of(ids))
            .select(RoomRow::as_select())
            .load(c))?;
        rows.extend(found);
    }
    let rooms = into_rooms(access, rows).await?.into_iter();
    Ok(rooms.map(|room| (room.info.id, room)).collect())
}

/// Locks the rooms with these keys, in the order of their ids, until the transaction ends. A key may be
/// given twice.
pub(crate) async fn lock(tx: &mut Writer<'_>, keys: &[&str]) -> Result<Vec<Room>, Fault> {
    let keys = keys.iter().copied();
    let keys: Vec<&str> = keys.filter(|key| may_be_a_key(key)).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = wanted(tx.backend(), keys);
    let rows = statement!(tx, |c| wanted.load(c))?;
    into_rooms(tx, rows).await
}

/// The SQL types of the columns of [`RoomRow`].
type RoomSqlTypes = (
    BigInt,
    Text,
    Text,
    Text,
    SmallInt,
    SmallInt,
    BigInt,
    BigInt,
    BigInt,
    Nullable<Binary>,
    Nullable<Binary>,
    Nullable<Binary>,
    BigInt,
);

fn wanted(backend: Backend, keys: Vec<&str>) -> Rows<'_, RoomSqlTypes> {
    let statement = match backend {
        // A write transaction has locked the whole database.
        Backend::Sqlite => {
            "SELECT r.id, r.key, r.title, r.topic, r.kind, r.history, r.head, r.kept_from, \
             r.settled, r.pair_low, r.pair_high, r.creator, r.member_count FROM w CROSS JOIN rooms r \
             WHERE r.key = w.wanted"
        }
        Backend::Postgres => {
            "SELECT r.id, r.key, r.title, r.topic, r.kind, r.history, r.head, r.kept_from, \
             r.settled, r.pair_low, r.pair_high, r.creator, r.member_count FROM w CROSS JOIN rooms r \
             WHERE r.key = w.wanted ORDER BY r.id FOR UPDATE OF r"
        }
    };
    Rows::new(vec![("wanted", keys.into_iter().collect())], statement)
}

/// Locks one room until the transaction ends.
pub(crate) async fn lock_one(tx: &mut Writer<'_>, key: &RoomKey) -> Result<Option<Room>, Fault> {
    Ok(lock(tx, &[&key.0]).await?.pop())
}

/// A room to be created.
pub(crate) struct NewRoom<'a> {
    pub(crate) key: &'a RoomKey,
    pub(crate) title: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) kind: Kind,
    pub(crate) history: History,
    pub(crate) pair: Option<(UserId, UserId)>,
    pub(crate) creator: Option<UserId>,
    pub(crate) cid: Option<&'a str>,
    pub(crate) made_of: Option<[u8; 16]>,
    pub(crate) at: i64,
}

/// Creates a room without entries; returns false if one with this key, pair or `cid` exists.
pub(crate) async fn insert(tx: &mut Writer<'_>, new: &NewRoom<'_>) -> Result<bool, Fault> {
    let inserted = statement!(tx, |c| diesel::insert_into(rooms::table)
        .values((
            rooms::key.eq(&*new.key.0),
            rooms::title.eq(new.title),
            rooms::topic.eq(new.topic),
            rooms::kind.eq(new.kind.code()),
            rooms::history.eq(new.history.code()),
            rooms::pair_low.eq(new.pair.map(|(low, _)| low)),
            rooms::pair_high.eq(new.pair.map(|(_, high)| high)),
            rooms::creator.eq(new.creator),
            rooms::cid.eq(new.cid),
            rooms::made_of.eq(new.made_of.as_ref().map(|fingerprint| &fingerprint[..])),
            rooms::created_at.eq(new.at),
            // The creator's `joined` entry, which is 1, or none.
            rooms::settled.eq(i64::from(new.creator.is_some())),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(inserted > 0)
}

/// Writes a room's properties, which the entry `settled` has changed.
pub(crate) async fn update(
    tx: &mut Writer<'_>,
    info: &RoomInfo,
    settled: Seq,
) -> Result<(), Fault> {
    statement!(tx, |c| diesel::update(rooms::table)
        .filter(rooms::id.eq(info.id.0))
        .set((
            rooms::title.eq(&info.title),
            rooms::topic.eq(&info.topic),
            rooms::kind.eq(info.kind.code()),
            rooms::history.eq(info.history.code()),
            rooms::settled.eq(settled),
        ))
        .execute(c))?;
    Ok(())
}

/// Returns the keys among `keys` that are taken.
pub(crate) async fn taken_keys(
    access: &mut impl Access,
    keys: &[String],
) -> Result<HashSet<String>, Fault> {
    let found: Vec<String> = query!(access, |c| rooms::table
        .filter(rooms::key.one_of(keys))
        .select(rooms::key)
        .load(c))?;
    Ok(found.into_iter().collect())
}

/// Turns rows into rooms; looks up the people of direct rooms with one query.
async fn into_rooms(access: &mut impl Access, rows: Vec<RoomRow>) -> Result<Vec<Room>, Fault> {
    let pairs = rows.iter().flat_map(|row| [row.pair_low, row.pair_high]);
    let ids: Vec<UserId> = pairs.flatten().collect();
    let users = if ids.is_empty() {
        HashMap::new()
    } else {
        directory::by_id(access, &ids).await?
    };
    rows.into_iter().map(|row| row.into_room(&users)).collect()
}

impl RoomRow {
    fn into_room(self, users: &HashMap<UserId, User>) -> Result<Room, Fault> {
        let pair = match (self.pair_low, self.pair_high) {
            (Some(low), Some(high)) => {
                Some((people::named(users, low), people::named(users, high)))
            }
            _ => None,
        };
        let info = RoomInfo {
            id: RoomId(self.id),
            key: RoomKey(self.key.into()),
            title: self.title,
            topic: self.topic,
            kind: Kind::decode(self.kind)?,
            history: History::decode(self.history)?,
            pair,
        };
        Ok(Room {
            info: Arc::new(info),
            head: self.head,
            kept_from: self.kept_from,
            settled: self.settled,
            creator: self.creator,
            members: u64::try_from(self.member_count).unwrap_or(0),
        })
    }
}
