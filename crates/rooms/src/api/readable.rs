//! What a person may read: for parts of the server that look through the logs of many rooms at once.

use super::{Refusal, RoomInfo, RoomKey, Seq};
use bus::Request;
use sessions::api::{Caller, UserId};
use std::sync::Arc;

/// The rooms whose logs the caller may read, from one snapshot of the primary. Concurrent.
///
/// With a room it is that one alone: refuses non-members with [`Refusal::NotMember`] in public rooms and
/// [`Refusal::NoSuchRoom`] elsewhere. What it answers may change right after: whoever shows texts asks for
/// them by a request that checks again, such as messaging's `ReadMessages`.
#[derive(Clone)]
pub struct ReadableRooms {
    /// The person who wants to read.
    pub caller: Caller,
    /// The only room that the caller wants to read, as the client sent it; `None` for all.
    pub room: Option<RoomKey>,
    /// An author to look up in the same snapshot, an id or `@name`: [`Refusal::NoSuchUser`] if nobody has
    /// the name. An id is taken as it is, since people who are gone have entries, too.
    pub author: Option<String>,
}

impl Request for ReadableRooms {
    const NAME: &'static str = "rooms.readable";
    type Answer = Result<Readable, Refusal>;
}

/// What a person may read.
#[derive(Debug, Clone)]
pub struct Readable {
    /// The rooms, in no order.
    pub rooms: Vec<ReadableRoom>,
    /// The author who was asked for.
    pub author: Option<UserId>,
}

/// A room that a person may read.
#[derive(Debug, Clone)]
pub struct ReadableRoom {
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The first entry that the person may read.
    pub visible_from: Seq,
}
