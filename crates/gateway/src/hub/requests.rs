//! What the connections' tasks ask of the hub, in its one order with the facts; and what its own
//! tasks bring it.

use crate::connection::{Conn, Frame};
use bus::{Event, Request};
use rooms::api::{Invited, LogPage, Membership, Role, RoomId, RoomInfo, RoomKey, Seq};
use sessions::api::{Caller, ConnectionId, User};
use std::sync::Arc;

/// A connection is somebody's from now on: what concerns this user is kept for it until [`FinishHello`].
pub(crate) struct Attach {
    pub(crate) conn: Arc<Conn>,
    pub(crate) caller: Caller,
    pub(crate) tab: String,
    /// `subscribe:"all"`.
    pub(crate) all: bool,
}

/// How an [`Attach`] went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttachResult {
    Done,
    TooManyTabs,
    TooManyConnections,
}

impl Request for Attach {
    const NAME: &'static str = "gateway.attach";
    type Answer = AttachResult;
}

/// The `hello` reply goes out, and everything that has to come after it.
pub(crate) struct FinishHello {
    pub(crate) connection: ConnectionId,
    /// Read after the [`Attach`].
    pub(crate) memberships: Vec<Membership>,
    /// The rooms subscribed to.
    pub(crate) rooms: Vec<(RoomKey, RoomCursor)>,
    /// Told once more: they may have come while the user was away.
    pub(crate) invitations: Vec<Invited>,
    pub(crate) reply: Frame,
}

impl Request for FinishHello {
    const NAME: &'static str = "gateway.open";
    /// The rooms that have to be replayed, from their cursors.
    type Answer = Vec<(RoomKey, Seq)>;
}

/// What a client knows of a room, and what there was to know when that was read. Some of it may not
/// have come to the hub yet: it is missed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomCursor {
    pub(crate) cursor: Seq,
    pub(crate) head: Seq,
}

impl RoomCursor {
    /// Everything up to there, and there was no more.
    pub(crate) fn all_up_to(head: Seq) -> Self {
        Self { cursor: head, head }
    }
}

/// A `join` begins: what happens in the room is kept until its reply is out.
pub(crate) struct BeginJoin {
    pub(crate) connection: ConnectionId,
    pub(crate) room: RoomKey,
}

impl Request for BeginJoin {
    const NAME: &'static str = "gateway.mark";
    type Answer = ();
}

/// A `join` was declined: all is as before its [`BeginJoin`].
pub(crate) struct AbortJoin {
    pub(crate) connection: ConnectionId,
    pub(crate) room: RoomKey,
}

impl Request for AbortJoin {
    const NAME: &'static str = "gateway.unmark";
    type Answer = ();
}

/// Part of a room's past goes out on one connection: the reply to `join`, or a page of a replay.
pub(crate) struct DeliverPage {
    pub(crate) connection: ConnectionId,
    pub(crate) room: RoomKey,
    /// The reply to `join`, which goes out whatever has happened since.
    pub(crate) reply: Option<Frame>,
    pub(crate) frames: Vec<Frame>,
    /// The client knows everything up to here then.
    pub(crate) cursor: Seq,
    /// This was the room's head when it was read.
    pub(crate) at_head: bool,
    /// What the `join` found.
    pub(crate) joined: Option<Box<JoinedInfo>>,
}

/// What a `join` found.
pub(crate) struct JoinedInfo {
    pub(crate) info: Arc<RoomInfo>,
    pub(crate) role: Role,
    /// Members of the room.
    pub(crate) count: u64,
    /// The caller is muted until then, ms since 1970.
    pub(crate) muted_until: Option<i64>,
}

/// What remains to be done after an [`DeliverPage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageDelivered {
    /// Nothing: what comes now comes by itself.
    Live,
    /// Read on from the cursor.
    More,
    /// Nothing: the membership or the connection has ended.
    Gone,
}

impl Request for DeliverPage {
    const NAME: &'static str = "gateway.advance";
    type Answer = PageDelivered;
}

/// The reply to `leave`, after the entry and `gone`.
pub(crate) struct SendLeaveReply {
    pub(crate) connection: ConnectionId,
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) seq: Seq,
    pub(crate) reply: Frame,
}

impl Request for SendLeaveReply {
    const NAME: &'static str = "gateway.say_left";
    type Answer = ();
}

/// Someone types, or has stopped.
pub(crate) struct SetTyping {
    pub(crate) connection: ConnectionId,
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) on: bool,
}

/// How a [`SetTyping`] went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypingResult {
    Accepted,
    /// The user is muted there.
    Muted,
    /// The user is no member as far as the hub knows.
    NotMember,
}

impl Request for SetTyping {
    const NAME: &'static str = "gateway.types";
    type Answer = TypingResult;
}

/// A connection has ended.
pub(crate) struct Detach {
    pub(crate) connection: ConnectionId,
}

impl Request for Detach {
    const NAME: &'static str = "gateway.detach";
    type Answer = ();
}

/// Time passes.
pub(crate) struct Ticked;

impl Event for Ticked {
    const NAME: &'static str = "gateway.ticked";
}

/// What the log has where the hub had a hole; `None`: it could not be read.
pub(crate) struct MissingRangeRead {
    pub(crate) room: RoomKey,
    pub(crate) page: Option<LogPage>,
}

impl Event for MissingRangeRead {
    const NAME: &'static str = "gateway.hole_read";
}

/// The store's own metrics of the rooms that moved lately.
pub(crate) struct HeadsRead {
    pub(crate) heads: Vec<(RoomId, RoomKey, Seq)>,
}

impl Event for HeadsRead {
    const NAME: &'static str = "gateway.heads_read";
}

/// Tell some of the heads that are due; whether more are.
#[derive(Debug)]
pub(crate) struct SendHeads;

impl Request for SendHeads {
    const NAME: &'static str = "gateway.tell_heads";
    type Answer = bool;
}

/// Where people are members whom the hub did not know.
pub(crate) struct MembershipsRead {
    pub(crate) users: Vec<(User, bool)>,
    pub(crate) memberships: Vec<Membership>,
}

impl Event for MembershipsRead {
    const NAME: &'static str = "gateway.stays_read";
}

/// How many members a room has; `None`: it could not be read.
pub(crate) struct MembersCounted {
    pub(crate) room: RoomKey,
    pub(crate) count: Option<u64>,
}

impl Event for MembersCounted {
    const NAME: &'static str = "gateway.counted";
}
