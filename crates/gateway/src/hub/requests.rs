//! Requests of the connections' tasks to the hub, in one order with the bus events; and events from the
//! hub's own tasks.

use crate::connection::{Conn, Frame};
use crate::foreign_pushes::QueuedPush;
use bus::{Event, Request};
use rooms::api::{Invited, LogPage, Membership, Role, RoomHead, RoomInfo, RoomKey, Seq};
use sessions::api::{Caller, ConnectionId, User};
use std::sync::Arc;

/// Attaches a connection to its user. The user's pushes are held back for it until [`FinishHello`].
pub(crate) struct Attach {
    pub(crate) conn: Arc<Conn>,
    pub(crate) caller: Caller,
    pub(crate) tab: String,
    /// Whether the client said `subscribe:"all"`.
    pub(crate) all: bool,
}

/// The result of an [`Attach`].
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

/// Sends the `hello` reply, then the held-back pushes, and subscribes.
pub(crate) struct FinishHello {
    pub(crate) connection: ConnectionId,
    /// Read after the [`Attach`], so that no change in between is lost.
    pub(crate) memberships: Vec<Membership>,
    /// The rooms to subscribe to.
    pub(crate) rooms: Vec<(RoomKey, RoomCursor)>,
    /// Pushed again, since they may have come while the user was away.
    pub(crate) invitations: Vec<Invited>,
    pub(crate) reply: Frame,
}

impl Request for FinishHello {
    const NAME: &'static str = "gateway.open";
    /// The rooms to replay, from their cursors.
    type Answer = Vec<(RoomKey, Seq)>;
}

/// A client's cursor in a room, and the head when that was read. The hub may not have seen the entries
/// up to that head yet; the client has missed them all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomCursor {
    pub(crate) cursor: Seq,
    pub(crate) head: Seq,
}

impl RoomCursor {
    /// The client knows everything up to `head`.
    pub(crate) fn all_up_to(head: Seq) -> Self {
        Self { cursor: head, head }
    }
}

/// Begins a `join`: the room's entries are buffered until its reply is sent.
pub(crate) struct BeginJoin {
    pub(crate) connection: ConnectionId,
    pub(crate) room: RoomKey,
}

impl Request for BeginJoin {
    const NAME: &'static str = "gateway.mark";
    type Answer = ();
}

/// Undoes a [`BeginJoin`] after the `join` was refused.
pub(crate) struct AbortJoin {
    pub(crate) connection: ConnectionId,
    pub(crate) room: RoomKey,
}

impl Request for AbortJoin {
    const NAME: &'static str = "gateway.unmark";
    type Answer = ();
}

/// Sends a part of a room's past on one connection: the reply to `join`, or a page of a replay.
pub(crate) struct DeliverPage {
    pub(crate) connection: ConnectionId,
    pub(crate) room: RoomKey,
    /// The reply to `join`, which is sent whatever has happened since.
    pub(crate) reply: Option<Frame>,
    pub(crate) frames: Vec<Frame>,
    /// The last entry that the client knows after this page.
    pub(crate) cursor: Seq,
    /// `cursor` was the room's head when the page was read.
    pub(crate) at_head: bool,
    /// The room as the `join` found it; `None` for a replay.
    pub(crate) joined: Option<Box<JoinedInfo>>,
}

/// A room and the caller's role as a `join` found them.
pub(crate) struct JoinedInfo {
    pub(crate) info: Arc<RoomInfo>,
    pub(crate) role: Role,
    /// Number of members.
    pub(crate) count: u64,
    /// End of the caller's mute, ms since 1970.
    pub(crate) muted_until: Option<i64>,
}

/// What the connection has to do after a [`DeliverPage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageDelivered {
    /// Nothing: the subscription is live.
    Live,
    /// Read the next page from the cursor.
    More,
    /// Nothing: the membership or the connection has ended.
    Gone,
}

impl Request for DeliverPage {
    const NAME: &'static str = "gateway.advance";
    type Answer = PageDelivered;
}

/// Sends the reply to `leave` after the entry and `gone`.
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

/// Sets whether a user types in a room.
pub(crate) struct SetTyping {
    pub(crate) connection: ConnectionId,
    pub(crate) user: User,
    pub(crate) room: RoomKey,
    pub(crate) on: bool,
}

/// The result of a [`SetTyping`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypingResult {
    Accepted,
    /// The user is muted there.
    Muted,
    /// The user is not a member, as far as the hub knows.
    NotMember,
}

impl Request for SetTyping {
    const NAME: &'static str = "gateway.types";
    type Answer = TypingResult;
}

/// Removes a connection that has ended.
pub(crate) struct Detach {
    pub(crate) connection: ConnectionId,
}

impl Request for Detach {
    const NAME: &'static str = "gateway.detach";
    type Answer = ();
}

/// Published every half second; drives everything that is timed.
pub(crate) struct Ticked;

impl Event for Ticked {
    const NAME: &'static str = "gateway.ticked";
}

/// Missing entries of a room, read from the log; `None` if the read failed.
pub(crate) struct MissingRangeRead {
    pub(crate) room: RoomKey,
    pub(crate) page: Option<LogPage>,
}

impl Event for MissingRangeRead {
    const NAME: &'static str = "gateway.hole_read";
}

/// The stored heads of rooms that changed lately.
pub(crate) struct HeadsRead {
    pub(crate) heads: Vec<RoomHead>,
}

impl Event for HeadsRead {
    const NAME: &'static str = "gateway.heads_read";
}

/// Pushes some of the due heads; answers whether more are due.
#[derive(Debug)]
pub(crate) struct SendHeads;

impl Request for SendHeads {
    const NAME: &'static str = "gateway.tell_heads";
    type Answer = bool;
}

/// Delivers some pushes from outside the gateway.
pub(crate) struct DeliverForeignPushes {
    pub(crate) pushes: Vec<QueuedPush>,
}

impl Request for DeliverForeignPushes {
    const NAME: &'static str = "gateway.push_foreign";
    type Answer = ();
}

/// Memberships of users whom the hub did not know.
pub(crate) struct MembershipsRead {
    pub(crate) users: Vec<(User, bool)>,
    pub(crate) memberships: Vec<Membership>,
}

impl Event for MembershipsRead {
    const NAME: &'static str = "gateway.stays_read";
}

/// The number of a room's members; `None` if the read failed.
pub(crate) struct MembersCounted {
    pub(crate) room: RoomKey,
    pub(crate) count: Option<u64>,
}

impl Event for MembersCounted {
    const NAME: &'static str = "gateway.counted";
}
