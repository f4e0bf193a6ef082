//! What rooms answers. Strings of clients (`user`, names, reasons) come as they were sent; rooms
//! checks and normalises them.

use super::catalogue::Invited;
use super::{Card, Entry, History, Kind, Refusal, Role, RoomId, RoomInfo, RoomKey, Seq};
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
///
/// Anyone joins a public room but the banned ([`Refusal::Banned`]), guests too; a private one only
/// who was invited, and the invitation is used up. A mute outlasts leaving and coming back.
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
    pub room: Arc<RoomInfo>,
    /// The caller's role.
    pub role: Role,
    /// The head when it was committed.
    pub head: Seq,
    /// The first entry this member may read.
    pub visible_from: Seq,
    /// Muted until, ms since 1970; may have passed.
    pub muted_until: Option<i64>,
    /// True when it wrote no entry.
    pub dup: bool,
}

/// `leave`. Ordered. Who has left already gets the `seq` of that; who was put out, or never in, is
/// an not_a_member. Whoever leaves a direct room closes it: the other one writes no more into it until
/// the leaver comes back by [`AnswerDirect`]. Someone who is only invited declines the invitation:
/// no entry is written, and the answer has the `seq` of the invitation.
///
/// When the last owner leaves, the room passes to the moderator who has been there longest, or
/// else to such a member, guests excepted: a `role` entry by the leaver precedes the `left`. With
/// nobody to pass it on to the room stays without an owner.
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

/// `room.create`. Ordered. Takes an account; the creator is its owner.
///
/// A public creation is told by its key: when the room is the caller's own and has these settings
/// it is a repeat, else the name is taken. A private one is told by `cid`; the same `cid` with
/// other validate is a [`Refusal::CidConflict`], and without a `cid` each creation is a new one.
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

/// `room.update`. Ordered. `None` leaves as it is. Moderators change title and topic, owners also
/// history and kind.
///
/// A public room may be made private and public again; it keeps its key. A room whose key the
/// server made stays private.
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

/// `dm`. Ordered. Both are members, neither more than the other; the room has no doors: joining
/// and job are refused. It counts among the opener's rooms, and among those of the other one
/// as soon as that one answers: by writing in it or by a `dm` back. How many an opener may have
/// unanswered, and how many may wait for one person, is limited.
///
/// A room that stands is found and not changed; where the caller has left it or has not answered
/// it, [`AnswerDirect`] comes next, in the room's own order.
pub struct OpenDirect {
    /// Who.
    pub caller: Caller,
    /// With whom: id or `@name`.
    pub user: String,
}

impl Request for OpenDirect {
    const NAME: &'static str = "rooms.open_direct";
    type Answer = Result<DirectRoom, Refusal>;
}

/// A direct room that was found or made.
#[derive(Debug, Clone)]
pub struct DirectRoom {
    /// As the caller sees it.
    pub card: Card,
    /// What made it so.
    pub done: Done,
    /// The caller is in it by choice; false: [`AnswerDirect`] makes it so.
    pub answered: bool,
}

/// The second half of `dm`. Ordered. Answers a direct room that the other one opened, or comes back
/// to one that the caller has left. Refuses everyone but the two with [`Refusal::NoSuchRoom`].
pub struct AnswerDirect {
    /// Who.
    pub caller: Caller,
    /// Which room.
    pub room: RoomKey,
}

impl Request for AnswerDirect {
    const NAME: &'static str = "rooms.answer_direct";
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
///
/// Moderators and owners invite into private rooms, every member into public ones; moderators
/// kick, ban, unban and mute; owners give roles. Nobody acts on themselves or on one of equal or
/// higher role, but owners act on owners. Server administrators count as moderators of the public
/// rooms they are members of. `role` adds an owner, it does not hand the room over; the only owner
/// cannot step down; guests stay members. Who is banned must be unbanned before an invitation.
/// Muting until a moment that has passed is unmuting. A mute lasts through leaving and joining;
/// the muted may do none of this, nor update the room.
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
#[derive(Clone)]
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
    pub room: Arc<RoomInfo>,
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
#[derive(Clone)]
pub struct Members {
    /// Who asks.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// The page's token, from the page before.
    pub after: Option<String>,
    /// Most members.
    pub limit: usize,
    /// True for `presence` and `join`: only those online, at most `limit`, and the count.
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
#[derive(Clone)]
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
    pub room: Arc<RoomInfo>,
    /// As what.
    pub role: Role,
    /// The room's last `seq`.
    pub head: Seq,
    /// The first entry this user may read.
    pub visible_from: Seq,
    /// False in a direct room that the other one opened and this user has not answered.
    pub answered: bool,
    /// Muted until, ms since 1970; may have passed.
    pub muted_until: Option<i64>,
}

/// The invitations of one user, at most so many: for `hello`. Concurrent.
#[derive(Clone)]
pub struct Invitations {
    /// Whose.
    pub user: UserId,
    /// Most invitations.
    pub limit: usize,
}

impl Request for Invitations {
    const NAME: &'static str = "rooms.invitations";
    type Answer = Result<Vec<Invited>, Refusal>;
}

/// Every room with its last `seq`, by row, a page at a time: for the server's own who follow all
/// logs. Concurrent.
#[derive(Clone)]
pub struct Heads {
    /// Rooms above this one; `None`: from the first.
    pub after: Option<RoomId>,
    /// Most rooms.
    pub limit: usize,
}

impl Request for Heads {
    const NAME: &'static str = "rooms.heads";
    type Answer = Result<Vec<(RoomId, RoomKey, Seq)>, Refusal>;
}

/// The rooms whose head moved within the last 30 s by the store's clock. Concurrent.
pub struct RecentHeads;

impl Request for RecentHeads {
    const NAME: &'static str = "rooms.recent_heads";
    type Answer = Result<Vec<(RoomId, RoomKey, Seq)>, Refusal>;
}
