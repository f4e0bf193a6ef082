//! Rooms: found, and locked by those who are about to write into them.

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

/// A room as it stands in the present transaction.
#[derive(Clone)]
pub(crate) struct Room {
    /// As everyone in it sees it.
    pub(crate) info: Arc<RoomInfo>,
    /// Its last entry.
    pub(crate) head: Seq,
    /// Its first entry that has been kept.
    pub(crate) kept_from: Seq,
    /// The entry that made it what its fields say.
    pub(crate) settled: Seq,
    /// Who made it; the server, if nobody.
    pub(crate) creator: Option<UserId>,
    /// How many are in it.
    pub(crate) members: u64,
}

impl Room {
    /// Whether people own it: neither the two of a direct room do, nor anyone of the server's own.
    pub(crate) fn has_owners(&self) -> bool {
        self.info.kind != Kind::Direct && self.creator.is_some()
    }

    /// The first entry that a member may read who joined there.
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

/// Keys are shorter than this, and PostgreSQL takes no NUL: no room is called anything else.
fn may_be_a_key(key: &str) -> bool {
    key.len() <= 32 && !key.contains('\0')
}

/// The room with this key.
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
    into_room(access, row).await
}

/// The direct room of two people, the lower id first.
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
    into_room(access, row).await
}

/// The room that someone made under an id of their own, and the fingerprint of what they asked for.
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
    let room = into_room(access, Some(row)).await?;
    Ok(room.zip(Some(made_of.unwrap_or_default())))
}

async fn into_room(access: &mut impl Access, row: Option<RoomRow>) -> Result<Option<Room>, Fault> {
    Ok(load_people(access, row.into_iter().collect()).await?.pop())
}

/// Public rooms by key, after this into_room; of those that people made, the ones that somebody is in.
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
        // Where the keys begin that the server made.
        .filter(rooms::key.lt("~"))
        .filter(rooms::kind.eq(Kind::Public.code()))
        .filter(rooms::creator.is_null().or(rooms::member_count.gt(0)))
        .order(rooms::key)
        .select(RoomRow::as_select())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c))?;
    load_people(access, rows).await
}

/// Ids given to into_room statement at most.
const IDS_AT_ONCE: usize = 1_000;

/// The rooms with these ids.
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
    let rooms = load_people(access, rows).await?.into_iter();
    Ok(rooms.map(|room| (room.info.id, room)).collect())
}

/// Locks the rooms with these keys, in the order of their ids, until the transaction ends. One may
/// be given twice.
pub(crate) async fn lock(tx: &mut Writer<'_>, keys: &[&str]) -> Result<Vec<Room>, Fault> {
    let keys = keys.iter().copied();
    let keys: Vec<&str> = keys.filter(|key| may_be_a_key(key)).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = wanted(tx.backend(), keys);
    let rows = statement!(tx, |c| wanted.load(c))?;
    load_people(tx, rows).await
}

/// What [`RoomRow`] is made of.
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
        // A staged's transaction has locked the whole database.
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

/// Locks into_room room.
pub(crate) async fn lock_one(tx: &mut Writer<'_>, key: &RoomKey) -> Result<Option<Room>, Fault> {
    Ok(lock(tx, &[&key.0]).await?.pop())
}

/// A room to be made.
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

/// Makes a room, without entries; false if there is into_room by this key, pair or creation.
pub(crate) async fn insert(tx: &mut Writer<'_>, new: &NewRoom<'_>) -> Result<bool, Fault> {
    let made = statement!(tx, |c| diesel::insert_into(rooms::table)
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
            // Its creator's `joined`, if it has a creator.
            rooms::settled.eq(i64::from(new.creator.is_some())),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(made > 0)
}

/// Writes a room's properties, as this entry changed them.
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

/// Those of these keys that are taken_keys.
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

/// Every room above this into_room, by row.
pub(crate) async fn heads(
    access: &mut impl Access,
    after: Option<RoomId>,
    limit: usize,
) -> Result<Vec<(RoomId, RoomKey, Seq)>, Fault> {
    let after = after.map_or(i64::MIN, |room| room.0);
    let found: Vec<(i64, String, i64)> = query!(access, |c| rooms::table
        .filter(rooms::id.gt(after))
        .order(rooms::id)
        .select((rooms::id, rooms::key, rooms::head))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c))?;
    let heads = found.into_iter();
    Ok(heads
        .map(|(id, key, head)| (RoomId(id), RoomKey(key.into()), head))
        .collect())
}

/// The rooms whose head moved in the last 30 to 40 s by the database's own clock. What a clock that
/// was wild has put into the future is left out: it would be told of for as long as that lasts.
pub(crate) async fn recent_heads(
    access: &mut impl Access,
) -> Result<Vec<(RoomId, RoomKey, Seq)>, Fault> {
    let recent = match access.backend() {
        Backend::Sqlite => {
            "head_at >= unixepoch() / 10 * 10000 - 30000 AND head_at <= unixepoch() * 1000 + 10000"
        }
        // `clock_timestamp()` would not do: it may change between two rows, so no index serves it.
        Backend::Postgres => {
            "head_at >= floor(extract(epoch FROM statement_timestamp()) / 10)::bigint * 10000 - 30000 \
             AND head_at <= floor(extract(epoch FROM statement_timestamp()))::bigint * 1000 + 10000"
        }
    };
    let found: Vec<(i64, String, i64)> = query!(access, |c| rooms::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(recent))
        .select((rooms::id, rooms::key, rooms::head))
        .load(c))?;
    let heads = found.into_iter();
    Ok(heads
        .map(|(id, key, head)| (RoomId(id), RoomKey(key.into()), head))
        .collect())
}

/// Rooms of rows: the people of direct ones are looked up, all at once.
async fn load_people(access: &mut impl Access, rows: Vec<RoomRow>) -> Result<Vec<Room>, Fault> {
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
