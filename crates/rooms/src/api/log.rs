//! The log writer: the only code that writes entries. The log has the only copy of a message's body.
//!
//! messaging calls it in its own jobs. A job that appends must run in its room's lane
//! ([`RoomKey::lane`]), so that entries reach the bus in `seq` order.

pub use super::append::{Append, Appended, Draft};
pub use super::standing::Standing;

use super::{Entry, Refusal, RoomId, RoomKey, Seq};
use crate::log_writer::{AppendBatch, permissions};
use crate::page;
use crate::store::entries::{self as rows, FillFrom};
use crate::store::kind_filter::KindFilter;
use crate::store::{members, rooms};
use sessions::api::UserId;
use std::collections::HashSet;
use storage::prelude::*;

/// The table of all rooms' entries. Rows are added only at its end and the last row is never deleted, so
/// storage can recognise an older copy of the database by it.
pub const TABLE: &str = "entries";

/// Appends a batch of entries: locks the rooms in id order, checks repeats (also within the batch),
/// membership and mutes with one query per table, then inserts the entries and moves the heads.
/// Publishes one [`super::EntriesAppended`]. Returns one outcome per item, in order. Each item is
/// checked as if the items before it had been written already; a refused item writes nothing.
///
/// A repeated message is recognised before any other check, even if its author is no longer a
/// member: the answer reveals nothing new. A non-member, banned or not, gets
/// [`Refusal::NotMember`] in a public room and [`Refusal::NoSuchRoom`] elsewhere. A muted member may
/// only delete. A `target` must be an undeleted message that the author may read; a `reply_to` may
/// be deleted.
pub async fn append(
    tx: &mut Writer<'_>,
    items: &[Append<'_>],
) -> Result<Vec<Result<Appended, Refusal>>, Fault> {
    let mut batch = AppendBatch::open(tx, items).await?;
    let outcomes = items.iter().map(|item| batch.append(item)).collect();
    batch.write(tx).await?;
    Ok(outcomes)
}

/// Locks a room until the transaction ends and returns a member's rights in it. Refuses non-members
/// with `NotMember` in public rooms and `NoSuchRoom` elsewhere.
pub async fn admit(
    tx: &mut Writer<'_>,
    room: &RoomKey,
    user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    let room = rooms::lock_one(tx, room).await?;
    member_standing(tx, room, user).await
}

/// Returns a member's rights like [`admit`], but locks nothing.
pub async fn standing(
    access: &mut impl Access,
    room: &RoomKey,
    user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    let room = rooms::find(access, room).await?;
    member_standing(access, room, user).await
}

async fn member_standing(
    access: &mut impl Access,
    room: Option<rooms::Room>,
    user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    let Some(room) = room else {
        return Ok(Err(Refusal::NoSuchRoom));
    };
    let Some(member) = members::find(access, room.info.id, user).await? else {
        return Ok(Err(permissions::not_a_member(&room)));
    };
    let role = permissions::effective_role(access, &room, user, member.role).await?;
    Ok(Ok(permissions::standing(&room, &member, role)))
}

/// Returns the entries at these positions, ascending; deleted messages have no body. Leaves out
/// positions without an entry. Takes two queries: entries and people.
pub async fn entries(
    access: &mut impl Access,
    room: RoomId,
    seqs: &[Seq],
) -> Result<Vec<Entry>, Fault> {
    rows::at(access, room, seqs).await
}

/// Returns those of these positions that a person may read now: in rooms where the person is a member, from
/// the first entry that is visible to them on. Takes two queries.
pub async fn readable(
    access: &mut impl Access,
    reader: UserId,
    positions: &[(RoomId, Seq)],
) -> Result<Vec<(RoomId, Seq)>, Fault> {
    let ids: HashSet<RoomId> = positions.iter().map(|(room, _)| *room).collect();
    let pairs: Vec<_> = ids.iter().map(|room| (*room, reader)).collect();
    let members = members::by_pairs(access, &pairs).await?;
    let rooms = rooms::by_ids(access, &ids).await?;
    let may_read = |room: RoomId, seq: Seq| {
        let (room, member) = (rooms.get(&room)?, members.get(&(room, reader))?);
        Some(seq >= permissions::visible_from(room, member))
    };
    let mut positions = positions.to_vec();
    positions.retain(|(room, seq)| may_read(*room, *seq) == Some(true));
    Ok(positions)
}

/// Returns the entries at these positions of several rooms, in no order, like [`entries`].
pub async fn entries_of_rooms(
    access: &mut impl Access,
    positions: &[(RoomId, Seq)],
) -> Result<Vec<Entry>, Fault> {
    rows::at_positions(access, positions).await
}

/// The direction in which to read the `message` entries of a room.
#[derive(Debug, Clone, Copy)]
pub enum Window {
    /// From the end of the log downwards.
    Newest,
    /// From below this position downwards.
    Before(Seq),
    /// From above this position upwards.
    After(Seq),
}

/// Returns at most `limit` entries of kind `message`, ascending, none below `visible_from`, and
/// whether there are more in that direction. A page ends early when its bodies exceed `bytes`, but
/// has at least one entry if there is any.
pub async fn messages(
    access: &mut impl Access,
    room: RoomId,
    visible_from: Seq,
    window: Window,
    limit: usize,
    bytes: usize,
) -> Result<(Vec<Entry>, bool), Fault> {
    let (range, from) = match window {
        Window::Newest => ((visible_from, Seq::MAX), FillFrom::Highest),
        Window::Before(seq) => ((visible_from, seq.saturating_sub(1)), FillFrom::Highest),
        Window::After(seq) => (
            (visible_from.max(seq.saturating_add(1)), Seq::MAX),
            FillFrom::Lowest,
        ),
    };
    let limit = limit.max(1);
    let found = rows::between(
        access,
        room,
        range,
        KindFilter::Message,
        from,
        limit.saturating_add(1),
    )
    .await?;
    Ok(page::truncate(found, from, limit, bytes))
}

/// Counts the undeleted messages above `marker` by others than `user`, and those of them that
/// mention `user`. Looks at the newest 2,000 messages only; both counts stop at 999.
pub async fn unread(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
    marker: Seq,
) -> Result<(u32, u32), Fault> {
    rows::unread(access, room, user, marker).await
}

/// Removes the body of a message and of all its edits from the log for good. [`append`] does this
/// for each `Deleted`; repeating it is harmless.
pub async fn redact(tx: &mut Writer<'_>, room: RoomId, target: Seq) -> Result<(), Fault> {
    rows::redact(tx, room, target).await
}
