//! Requests for subscribers that follow every room's log, in order and from a cursor of their own.
//!
//! What a follower can rely on, and what it cannot:
//!
//! - Rooms are never deleted, and their ids and keys never change; a room that everyone has left stays as
//!   it is, and may be joined again.
//! - Entries are only added, each with the next `seq`. A follower that has seen all up to `seq` has missed
//!   nothing if its next page begins at `seq + 1`.
//! - Retention deletes a room's oldest entries and moves `kept_from`; the others keep their `seq`, and the
//!   last entry always stays. A cursor below `kept_from - 1` has lost the entries in between for good.
//! - A deleted message keeps its entry and loses its body and mentions; its `Edited` entries lose their
//!   body, and its reactions show no emoji. The `Deleted` entry says so to those who read the message
//!   before; who reads later finds both. So a log read late does not tell everything that it told at
//!   first.
//! - A person's name in an entry is the one of today, not the one that it was written under.
//! - Everything above holds within one epoch. A store that was restored, or whose standby was promoted,
//!   has another one: what was read before may never have happened, and cursors are void.

use super::log::Standing;
use super::{Entry, Refusal, RoomId, RoomInfo, RoomKey, Seq};
use bus::Request;
use sessions::api::UserId;
use std::sync::Arc;

/// A member's rights in a room, from one snapshot of the primary. Concurrent.
///
/// Refuses non-members with [`Refusal::NotMember`] in public rooms and [`Refusal::NoSuchRoom`]
/// elsewhere. The rights may change right after: a write checks them in its own transaction, with
/// [`log::admit`](super::log::admit) or by what it asks of rooms and messaging.
#[derive(Clone)]
pub struct StandingOf {
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The member's id.
    pub user: UserId,
}

impl Request for StandingOf {
    const NAME: &'static str = "rooms.standing_of";
    type Answer = Result<Standing, Refusal>;
}

/// The page of a room's log above a cursor, for the server's own followers: shows every entry. From one
/// snapshot of the primary. Concurrent.
#[derive(Clone)]
pub struct FollowLog {
    /// The room's key.
    pub room: RoomKey,
    /// The cursor: reads the entries above this one; 0 reads from the first that is kept.
    pub after: Seq,
    /// The maximum number of entries, 1 to 1,000; values beyond that count as the nearest.
    pub limit: usize,
    /// The approximate maximum size of the texts, in bytes; the first entry is returned regardless.
    pub bytes: usize,
}

impl Request for FollowLog {
    const NAME: &'static str = "rooms.follow_log";
    type Answer = Result<FollowedPage, Refusal>;
}

/// A page of a log for a follower; everything in it is from one snapshot.
#[derive(Debug, Clone)]
pub struct FollowedPage {
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The entries above the cursor, ascending and without a gap. The first one's `seq` is above
    /// `after + 1` only if retention has deleted those before it.
    pub entries: Vec<Arc<Entry>>,
    /// The `seq` of the room's last entry; 0 for a room without one. Lower than the cursor only in a
    /// store that is not the one that the cursor is from.
    pub head: Seq,
    /// The first entry that retention has kept.
    pub kept_from: Seq,
    /// The store's epoch, in the form of [`storage::Database::epoch`].
    pub epoch: String,
    /// True if there are no entries above this page.
    pub complete: bool,
}

/// A page of all rooms with their heads, ordered by id: for subscribers that follow every log.
/// Concurrent.
#[derive(Clone)]
pub struct Heads {
    /// Lists the rooms after this one; `None` starts at the first.
    pub after: Option<RoomId>,
    /// The maximum number of rooms.
    pub limit: usize,
}

impl Request for Heads {
    const NAME: &'static str = "rooms.heads";
    type Answer = Result<Vec<RoomHead>, Refusal>;
}

/// The rooms whose head moved within the last 30 s by the database's clock. Concurrent.
///
/// A room whose oldest entries were deleted meanwhile is listed only if its head moved as well:
/// [`Heads`] finds it, or [`EntriesForgotten`](super::EntriesForgotten).
pub struct RecentHeads;

impl Request for RecentHeads {
    const NAME: &'static str = "rooms.recent_heads";
    type Answer = Result<Vec<RoomHead>, Refusal>;
}

/// The range of entries that a room's log has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomHead {
    /// The room's database id.
    pub room: RoomId,
    /// The room's key on the wire.
    pub key: RoomKey,
    /// The `seq` of the room's last entry; 0 for a room without one.
    pub head: Seq,
    /// The first entry that retention has kept.
    pub kept_from: Seq,
}
