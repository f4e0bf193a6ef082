//! What rooms answers. Strings of clients (`user`, names, reasons) come as they were sent; rooms
//! checks and normalises them.

use super::{Card, Entry, History, Kind, Refusal, Role, RoomFace, RoomId, RoomKey, Seq};
use bus::Request;
use sessions::api::{Caller, User, UserId};
use std::sync::Arc;

/// What a command about a state leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The entry that made it so; 0 if none did.
    pub seq: Seq,
    /// It was so already.
    pub dup: bool,
}

/// `join`, the durable part. Ordered.
pub struct JoinRoom {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
}

impl Request for JoinRoom {
    const NAME: &'static str = "rooms.join";
    type Answer = Result<Joined, Refusal>;
}

/// A membership that stands.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The room.
    pub room: Arc<RoomFace>,
    /// The caller's role.
    pub role: Role,
    /// The head when it was committed.
    pub head: Seq,
    /// The first entry this member may read.
    pub visible_from: Seq,
    /// True when it wrote no entry.
    pub dup: bool,
}

/// `leave`. Ordered. Who has left already gets the `seq` of that.
pub struct LeaveRoom {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
}

impl Request for LeaveRoom {
    const NAME: &'static str = "rooms.leave";
    type Answer = Result<Done, Refusal>;
}

/// `room.create`. Ordered.
pub struct CreateRoom {
    /// Who.
    pub caller: Caller,
    /// The key of a public room, the title of a private one.
    pub name: String,
    /// Public or private.
    pub kind: Kind,
    /// What it is about.
    pub topic: Option<String>,
    /// Default: `All` for public, `SinceJoin` for private rooms.
    pub history: Option<History>,
    /// The client's own id for a private creation, so that a repeat finds it.
    pub cid: Option<String>,
}

impl Request for CreateRoom {
    const NAME: &'static str = "rooms.create";
    type Answer = Result<Created, Refusal>;
}

/// A room that stands.
#[derive(Debug, Clone)]
pub struct Created {
    /// As the caller sees it.
    pub card: Card,
    /// What made it so.
    pub done: Done,
}

/// `room.update`. Ordered. `None` leaves as it is.
pub struct UpdateRoom {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// What people call it.
    pub title: Option<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// How far back.
    pub history: Option<History>,
    /// Public or private.
    pub kind: Option<Kind>,
}

impl Request for UpdateRoom {
    const NAME: &'static str = "rooms.update";
    type Answer = Result<Created, Refusal>;
}

/// `dm`. Ordered.
pub struct OpenDirect {
    /// Who.
    pub caller: Caller,
    /// With whom: id or `@name`.
    pub user: String,
}

impl Request for OpenDirect {
    const NAME: &'static str = "rooms.open_direct";
    type Answer = Result<Created, Refusal>;
}

/// What is done to someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moderation {
    /// `invite`.
    Invite,
    /// `kick`.
    Kick,
    /// `ban`.
    Ban,
    /// `unban`.
    Unban,
    /// `mute`; 0 = unmute.
    Mute {
        /// ms since 1970.
        until_ms: i64,
    },
    /// `role`.
    Role(Role),
}

/// `invite` `kick` `ban` `unban` `mute` `role`. Ordered.
pub struct Moderate {
    /// Who does it.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// To whom: id or `@name`.
    pub user: String,
    /// What.
    pub what: Moderation,
    /// Why.
    pub reason: Option<String>,
}

impl Request for Moderate {
    const NAME: &'static str = "rooms.moderate";
    type Answer = Result<Done, Refusal>;
}

/// A page of a room's log, ascending. Concurrent.
pub struct ReadLog {
    /// Whose eyes; `None`: the server's own (holes in the fan-out), which see all.
    pub reader: Option<UserId>,
    /// Where.
    pub room: RoomKey,
    /// Entries above this one; `None`: the newest `limit`.
    pub after: Option<Seq>,
    /// Entries up to this one.
    pub upto: Option<Seq>,
    /// Most entries.
    pub limit: usize,
    /// Most bytes of text, roughly; at least one entry comes all the same.
    pub bytes: usize,
}

impl Request for ReadLog {
    const NAME: &'static str = "rooms.read_log";
    type Answer = Result<LogPage, Refusal>;
}

/// Entries and head of one snapshot.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// The room.
    pub room: Arc<RoomFace>,
    /// Ascending.
    pub entries: Vec<Arc<Entry>>,
    /// The room's last `seq`.
    pub head: Seq,
    /// The first entry the reader may read.
    pub visible_from: Seq,
    /// Nothing readable is left out: without `after` below the first, with `after` up to `upto` or
    /// the head.
    pub complete: bool,
}

/// `members`. Concurrent.
pub struct Members {
    /// Who asks.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// The page's token, from the page before.
    pub after: Option<String>,
    /// Most members.
    pub limit: usize,
    /// True for `presence` and `join`: only those online, at most `limit`, and the counts.
    pub online_only: bool,
}

impl Request for Members {
    const NAME: &'static str = "rooms.members";
    type Answer = Result<MembersPage, Refusal>;
}

/// Members of a room.
#[derive(Debug, Clone)]
pub struct MembersPage {
    /// This page.
    pub members: Vec<Member>,
    /// Of all pages.
    pub count: u64,
    /// Of those, how many are online.
    pub online: u64,
    /// The next page's `after`.
    pub next: Option<String>,
}

/// One member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub user: User,
    /// As what.
    pub role: Role,
    /// Now.
    pub online: bool,
    /// ms since 1970, while it lasts.
    pub muted_until: Option<i64>,
}

/// Every room some users are members of: for `hello`, and for the fan-out's index. Concurrent.
pub struct Memberships {
    /// Whose.
    pub users: Vec<UserId>,
}

impl Request for Memberships {
    const NAME: &'static str = "rooms.memberships";
    type Answer = Result<Vec<Membership>, Refusal>;
}

/// One user's place in one room.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// Where.
    pub room: Arc<RoomFace>,
    /// As what.
    pub role: Role,
    /// The room's last `seq`.
    pub head: Seq,
    /// The first entry this user may read.
    pub visible_from: Seq,
}

/// The rooms whose head moved within the last 30 s by the store's clock. Concurrent.
pub struct RecentHeads;

impl Request for RecentHeads {
    const NAME: &'static str = "rooms.recent_heads";
    type Answer = Result<Vec<(RoomId, RoomKey, Seq)>, Refusal>;
}
