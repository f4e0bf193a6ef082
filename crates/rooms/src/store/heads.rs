//! The heads of rooms, without the rooms.

use super::schema::rooms;
use crate::api::{RoomHead, RoomId, RoomKey};
use storage::Backend;
use storage::prelude::*;

/// The columns of [`RoomHead`].
type HeadRow = (i64, String, i64, i64);

/// Returns at most `limit` rooms with their heads, ordered by id, after the room `after`.
pub(crate) async fn after(
    access: &mut impl Access,
    after: Option<RoomId>,
    limit: usize,
) -> Result<Vec<RoomHead>, Fault> {
    let after = after.map_or(i64::MIN, |room| room.0);
    let found: Vec<HeadRow> = query!(access, |c| rooms::table
        .filter(rooms::id.gt(after))
        .order(rooms::id)
        .select((rooms::id, rooms::key, rooms::head, rooms::kept_from))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c))?;
    Ok(found.into_iter().map(head).collect())
}

/// Returns the rooms whose head moved in the last 30 to 40 s by the database's clock. Leaves out times in
/// the future, which a wrong clock may have written: they would be returned until that time.
pub(crate) async fn recent(access: &mut impl Access) -> Result<Vec<RoomHead>, Fault> {
    let recent = match access.backend() {
        Backend::Sqlite => {
            "head_at >= unixepoch() / 10 * 10000 - 30000 AND head_at <= unixepoch() * 1000 + 10000"
        }
        // Not `clock_timestamp()`: it may change between two rows, so no index could be used.
        Backend::Postgres => {
            "head_at >= floor(extract(epoch FROM statement_timestamp()) / 10)::bigint * 10000 - 30000 \
             AND head_at <= floor(extract(epoch FROM statement_timestamp()))::bigint * 1000 + 10000"
        }
    };
    let found: Vec<HeadRow> = query!(access, |c| rooms::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(recent))
        .select((rooms::id, rooms::key, rooms::head, rooms::kept_from))
        .load(c))?;
    Ok(found.into_iter().map(head).collect())
}

fn head((room, key, head, kept_from): HeadRow) -> RoomHead {
    RoomHead {
        room: RoomId(room),
        key: RoomKey(key.into()),
        head,
        kept_from,
    }
}
