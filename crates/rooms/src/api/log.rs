//! The one log writer per room log: the only code that writes entries, and the only copy of a body.
//!
//! messaging calls it inside its own jobs. A job that appends belongs to its room's lane
//! ([`RoomKey::lane`]), so that entries reach the bus in `seq` order.

use super::{Entry, Refusal, Role, RoomId, RoomInfo, RoomKey, Seq};
use crate::log_writer::{AppendBatch, permissions};
use crate::page;
use crate::store::entries::{self as rows, FillFrom};
use crate::store::kind_filter::KindFilter;
use crate::store::{members, rooms};
use sessions::api::{User, UserId};
use std::sync::Arc;
use storage::prelude::*;

/// The table of all rooms' entries. Its rows are added at the end and the last one is never taken
/// away, so that storage can tell an older copy of the database by it.
pub const TABLE: &str = "entries";

/// One entry to be written on behalf of a member.
#[derive(Debug, Clone)]
pub struct Append<'a> {
    /// Where.
    pub room: &'a RoomKey,
    /// Who.
    pub author: &'a User,
    /// ms since 1970.
    pub at: i64,
    /// What; texts have been checked.
    pub what: Draft<'a>,
}

/// What members write. `Edited`, `Deleted` and `Reaction` have been found to be changes.
#[derive(Debug, Clone)]
pub enum Draft<'a> {
    /// A message; told by (`cid`, author, room).
    Message {
        /// 1–64 characters.
        cid: &'a str,
        /// NFC, within limits.
        body: &'a str,
        /// Must be a message of the room that the author may read.
        reply_to: Option<Seq>,
    },
    /// A new body.
    Edited {
        /// Which message.
        target: Seq,
        /// NFC, within limits.
        body: &'a str,
    },
    /// Gone.
    Deleted {
        /// Which message.
        target: Seq,
    },
    /// Set or taken back.
    Reaction {
        /// To which message.
        target: Seq,
        /// 1–32 bytes.
        emoji: &'a str,
        /// Set or taken back.
        on: bool,
    },
}

/// What was written, or found written before.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The room.
    pub room: Arc<RoomInfo>,
    /// Its place.
    pub seq: Seq,
    /// When it was written first.
    pub at: i64,
    /// A message with this `cid` was there already.
    pub dup: bool,
}

impl Appended {
    /// The entry's id on the wire: [`Entry::id`].
    #[must_use]
    pub fn id(&self) -> String {
        Entry::id_at(self.room.id, self.seq)
    }
}

/// Writes a run of entries as a set: locks the rooms in id order, then checks repeats (also inside
/// the run), membership and mute, one query per table, moves each head by n and inserts. States
/// one [`super::EntriesAppended`]. One outcome per item, in order; each is judged as if the items
/// before it had been written alone; a refused item writes nothing.
///
/// A repeat is answered before anything else is asked, even of one who is a member no more: it
/// tells nothing new. Who is no member, banned or not, is told [`Refusal::NotMember`], of a room
/// that is not public [`Refusal::NoSuchRoom`]. The muted may delete and nothing else. A `target`
/// must be a message that the author may read and that stands; a `reply_to` may be a deleted one.
pub async fn append(
    tx: &mut Writer<'_>,
    run: &[Append<'_>],
) -> Result<Vec<Result<Appended, Refusal>>, Fault> {
    let mut batch = AppendBatch::open(tx, run).await?;
    let outcomes = run.iter().map(|item| batch.write(item)).collect();
    batch.close(tx).await?;
    Ok(outcomes)
}

/// How someone stands in a room, read under the room's lock when it comes from a [`Writer`].
#[derive(Debug, Clone)]
pub struct Standing {
    /// The room.
    pub room: Arc<RoomInfo>,
    /// As what; server administrators are at least moderators of public rooms.
    pub role: Role,
    /// Muted until, ms since 1970.
    pub muted_until: Option<i64>,
    /// The first entry they may read.
    pub visible_from: Seq,
    /// Their own `joined` entry, of the present stay.
    pub joined_seq: Seq,
    /// The room's last `seq`.
    pub head: Seq,
}

/// How a member stands; refuses those who are not: `NotMember` in public rooms, `NoSuchRoom` else.
/// Locks the room until the transaction ends.
pub async fn admit(
    tx: &mut Writer<'_>,
    room: &RoomKey,
    user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    let room = rooms::lock_one(tx, room).await?;
    stands(tx, room, user).await
}

/// [`admit`] for reading: locks nothing.
pub async fn standing(
    access: &mut impl Access,
    room: &RoomKey,
    user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    let room = rooms::find(access, room).await?;
    stands(access, room, user).await
}

async fn stands(
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

/// The entries with these places, ascending, as they stand (deleted messages without body). Absent
/// ones are absent. One query and one for the people.
pub async fn entries(
    access: &mut impl Access,
    room: RoomId,
    seqs: &[Seq],
) -> Result<Vec<Entry>, Fault> {
    rows::at(access, room, seqs).await
}

/// Which `message` entries of a room to read.
#[derive(Debug, Clone, Copy)]
pub enum Window {
    /// The last ones.
    Newest,
    /// Below this place, the nearest.
    Before(Seq),
    /// Above this place, the nearest.
    After(Seq),
}

/// At most `limit` entries of kind `message`, ascending, not below `visible_from`; more than
/// `bytes` of bodies end the page early (one comes all the same). The flag says whether more lie
/// in that direction.
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
        Window::Before(place) => ((visible_from, place.saturating_sub(1)), FillFrom::Highest),
        Window::After(place) => (
            (visible_from.max(place.saturating_add(1)), Seq::MAX),
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
    Ok(page::cut(found, from, limit, bytes))
}

/// Messages above `marker` by others than `user`, not deleted, and how many of them mention
/// `user`; both capped at 999, and counted among the newest 2,000 messages above `marker`.
pub async fn unread(
    access: &mut impl Access,
    room: RoomId,
    user: UserId,
    marker: Seq,
) -> Result<(u32, u32), Fault> {
    rows::unread(access, room, user, marker).await
}

/// Takes the body of a message and of all its edits out of the log, for ever. [`append`] does so
/// itself for each `Deleted`; once more does no harm.
pub async fn redact(tx: &mut Writer<'_>, room: RoomId, target: Seq) -> Result<(), Fault> {
    rows::redact(tx, room, target).await
}
