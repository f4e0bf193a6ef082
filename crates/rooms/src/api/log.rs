//! The one pen per room log: the only code that writes entries, and the only copy of a body.
//!
//! messaging calls it inside its own jobs; rooms uses it for its own entries.

use super::{Entry, Refusal, Role, RoomFace, RoomId, RoomKey, Seq};
use sessions::api::{User, UserId};
use std::sync::Arc;
use storage::prelude::*;

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
    pub room: Arc<RoomFace>,
    /// Its place.
    pub seq: Seq,
    /// When it was written first.
    pub at: i64,
    /// A message with this `cid` was there already.
    pub dup: bool,
}

/// Writes a run of entries as a set: locks the rooms in id order, then checks repeats (also inside
/// the run), membership, mute and ban, one query per table, moves each head by n and inserts.
/// States [`super::EntriesAppended`]. One outcome per item, in order; a refused item writes
/// nothing.
pub async fn append(
    _tx: &mut Writer<'_>,
    _run: &[Append<'_>],
) -> Result<Vec<Result<Appended, Refusal>>, Fault> {
    unimplemented!()
}

/// How someone stands in a room, read under the room's lock when it comes from a [`Writer`].
#[derive(Debug, Clone)]
pub struct Standing {
    /// The room.
    pub room: Arc<RoomFace>,
    /// As what; server administrators are at least moderators of public rooms.
    pub role: Role,
    /// Muted until, ms since 1970.
    pub muted_until: Option<i64>,
    /// The first entry they may read.
    pub visible_from: Seq,
    /// The room's last `seq`.
    pub head: Seq,
}

/// How a member stands; refuses those who are not (`NotMember`, `NoSuchRoom`, `Banned`). In a
/// writer's transaction the room is locked.
pub async fn admit(
    _access: &mut Writer<'_>,
    _room: &RoomKey,
    _user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    unimplemented!()
}

/// [`admit`] for reading: locks nothing.
pub async fn standing(
    _access: &mut impl Access,
    _room: &RoomKey,
    _user: UserId,
) -> Result<Result<Standing, Refusal>, Fault> {
    unimplemented!()
}

/// The entries with these places, as they stand (deleted messages without body). Absent ones are
/// absent. One query and one for the people.
pub async fn entries(
    _access: &mut impl Access,
    _room: RoomId,
    _seqs: &[Seq],
) -> Result<Vec<Entry>, Fault> {
    unimplemented!()
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
    _access: &mut impl Access,
    _room: RoomId,
    _visible_from: Seq,
    _window: Window,
    _limit: usize,
    _bytes: usize,
) -> Result<(Vec<Entry>, bool), Fault> {
    unimplemented!()
}

/// Messages above `marker` by others than `user`, not deleted, and how many of them mention
/// `user`; both capped at 999.
pub async fn unread(
    _access: &mut impl Access,
    _room: RoomId,
    _user: UserId,
    _marker: Seq,
) -> Result<(u32, u32), Fault> {
    unimplemented!()
}

/// Takes the body of a message and of all its edits out of the log, for ever.
pub async fn redact(_tx: &mut Writer<'_>, _room: RoomId, _target: Seq) -> Result<(), Fault> {
    unimplemented!()
}
