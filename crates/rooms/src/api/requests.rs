//! The requests that rooms answers. Strings (`user`, names, reasons) are as the client sent them;
//! rooms checks and normalises them. An *ordered* request goes through the subscriber, so requests of
//! one sender keep their order; a *concurrent* one is read in a snapshot beside it.

use super::catalogue::Invited;
use super::{Card, Entry, History, Kind, Refusal, Role, RoomInfo, RoomKey, Seq};
use bus::Request;
use sessions::api::{Caller, User, UserId};
use std::sync::Arc;

/// The outcome of a command that brings about a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The entry that brought the state about; 0 if there is none.
    pub seq: Seq,
    /// True if the state existed already and nothing was written.
    pub dup: bool,
}

/// `join`: makes the caller a member of a room; following its entries is the gateway's part. Ordered.
///
/// Anyone may join a public room, guests included, except the banned ([`Refusal::Banned`]). Joining
/// a private room takes an invitation and uses it up. A mute outlasts leaving and coming back.
pub struct JoinRoom {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
}

impl Request for JoinRoom {
    const NAME: &'static str = "rooms.join";
    type Answer = Result<Joined, Refusal>;
}

/// The caller's membership after `join`.
#[derive(Debug, Clone)]
pub struct Joined {
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The caller's role in it.
    pub role: Role,
    /// The room's last `seq` at the commit.
    pub head: Seq,
    /// The first entry that the caller may read.
    pub visible_from: Seq,
    /// When the mute ends, ms since 1970; may have passed.
    pub muted_until: Option<i64>,
    /// True if the caller was a member already.
    pub dup: bool,
}

/// `leave`: ends the caller's membership in a room. Ordered.
///
/// Someone who has left already gets the `seq` of that entry; someone who was removed, or was never
/// a member, is refused as a non-member. Leaving a direct room closes it: the other person cannot
/// write into it until the leaver comes back with [`AnswerDirect`]. Someone who is only invited
/// declines the invitation: that writes no entry, and the answer has the `seq` of the invitation.
///
/// When the last owner leaves, the longest-standing moderator becomes the owner, or else the
/// longest-standing member, guests excepted; a `role` entry by the leaver precedes the `left` entry.
/// If nobody qualifies, the room has no owner.
pub struct LeaveRoom {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
}

impl Request for LeaveRoom {
    const NAME: &'static str = "rooms.leave";
    type Answer = Result<Done, Refusal>;
}

/// `room.create`: creates a public or private room. Ordered. Takes an account; the creator becomes the
/// owner.
///
/// A public room is identified by its key: if the caller owns and created a room with this key and
/// the same properties, this is a repeat; otherwise the name is taken. A private room is identified
/// by its `cid`: the same `cid` with other properties is a [`Refusal::CidConflict`]. Without a `cid`
/// every request creates another room.
pub struct CreateRoom {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The key and title of a public room, the title of a private one.
    pub name: String,
    /// Public or private; others are refused.
    pub kind: Kind,
    /// What the room is about; empty by default.
    pub topic: Option<String>,
    /// Default: `All` for public, `SinceJoin` for private rooms.
    pub history: Option<History>,
    /// The client's own id for creating a private room, so that a repeat finds it.
    pub cid: Option<String>,
}

impl Request for CreateRoom {
    const NAME: &'static str = "rooms.create";
    type Answer = Result<Created, Refusal>;
}

/// A room that exists after the command.
#[derive(Debug, Clone)]
pub struct Created {
    /// The room as the caller sees it.
    pub card: Card,
    /// The entry that made it so.
    pub done: Done,
}

/// `room.update`: changes a room's properties. Ordered. `None` leaves a property unchanged. Moderators change title and topic,
/// owners also history and kind.
///
/// A public room may become private and public again; it keeps its key. A room whose key the server
/// generated must stay private.
pub struct UpdateRoom {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The name that people see.
    pub title: Option<String>,
    /// What the room is about.
    pub topic: Option<String>,
    /// How far back members may read.
    pub history: Option<History>,
    /// Public or private; others are refused.
    pub kind: Option<Kind>,
}

impl Request for UpdateRoom {
    const NAME: &'static str = "rooms.update";
    type Answer = Result<Created, Refusal>;
}

/// `dm`: finds or creates the direct room of two people. Ordered.
///
/// Both are plain members; joining and moderating are refused. The room counts towards the opener's
/// `rooms_max` at once, and towards the other person's when they accept: by writing in it or by a
/// `dm` back. Limits hold for the rooms that an opener may have unanswered and for those that may
/// wait for one person.
///
/// An existing room is returned unchanged. If the caller has left it or has not answered it, the
/// next step is [`AnswerDirect`], in the room's own lane.
pub struct OpenDirect {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The other person: id or `@name`.
    pub user: String,
}

impl Request for OpenDirect {
    const NAME: &'static str = "rooms.open_direct";
    type Answer = Result<DirectRoom, Refusal>;
}

/// A direct room that was found or created.
#[derive(Debug, Clone)]
pub struct DirectRoom {
    /// The room as the caller sees it.
    pub card: Card,
    /// The entry that made it so.
    pub done: Done,
    /// True if the caller opened or accepted it; if false, [`AnswerDirect`] accepts it.
    pub answered: bool,
}

/// The second half of `dm`: accepts a direct room that the other person opened, or rejoins one that the
/// caller has left. Ordered. Refuses everyone but the two with [`Refusal::NoSuchRoom`].
pub struct AnswerDirect {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
}

impl Request for AnswerDirect {
    const NAME: &'static str = "rooms.answer_direct";
    type Answer = Result<Created, Refusal>;
}

/// An action on another person in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moderation {
    /// `invite`: lets the person join.
    Invite,
    /// `kick`: removes the person, who may come back.
    Kick,
    /// `ban`: removes the person and keeps them out.
    Ban,
    /// `unban`: lets the person join again.
    Unban,
    /// `mute`: keeps the person from writing; 0 unmutes.
    Mute {
        /// When the mute ends, ms since 1970.
        until_ms: i64,
    },
    /// `role`: gives the person this role.
    Role(Role),
}

/// `invite`, `kick`, `ban`, `unban`, `mute`, `role`: acts on another person in a room. Ordered.
///
/// Moderators and owners invite into private rooms, every member into public ones. Moderators kick,
/// ban, unban and mute; owners give roles. Nobody kicks, bans or mutes themselves or someone of equal
/// or higher role, except that owners act on owners. Server administrators count as moderators of
/// the public rooms they are members of. `role` adds an owner and does not transfer the room; the
/// only owner cannot step down; guests stay plain members. A banned person must be unbanned before
/// an invitation. Muting until a time that has passed unmutes. A mute lasts through leaving and
/// joining. A muted member may do none of this, nor update the room.
pub struct Moderate {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The person acted on: id or `@name`.
    pub user: String,
    /// The action to take.
    pub what: Moderation,
    /// The reason, recorded in the entry; blank counts as none.
    pub reason: Option<String>,
}

impl Request for Moderate {
    const NAME: &'static str = "rooms.moderate";
    type Answer = Result<Done, Refusal>;
}

/// A page of a room's log, ascending. Concurrent.
#[derive(Clone)]
pub struct ReadLog {
    /// The reading user; `None` is the server itself (to fill gaps in the fan-out), which reads all.
    pub reader: Option<UserId>,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// Reads the entries above this one; `None` reads the newest `limit`.
    pub after: Option<Seq>,
    /// Reads no entry above this one.
    pub upto: Option<Seq>,
    /// The maximum number of entries; 0 counts as 1.
    pub limit: usize,
    /// The approximate maximum size of the texts, in bytes; the first entry is returned regardless.
    pub bytes: usize,
}

impl Request for ReadLog {
    const NAME: &'static str = "rooms.read_log";
    type Answer = Result<LogPage, Refusal>;
}

/// A page of a log; entries and head are from one snapshot.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The entries in ascending order.
    pub entries: Vec<Arc<Entry>>,
    /// The `seq` of the room's last entry.
    pub head: Seq,
    /// The first entry that the reader may read.
    pub visible_from: Seq,
    /// True if the page omits no readable entry: without `after` none below its first, with `after`
    /// none up to `upto` or the head.
    pub complete: bool,
}

/// `members`: a page of a room's members. Concurrent.
#[derive(Clone)]
pub struct Members {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The `next` of the previous page; `None` for the first.
    pub after: Option<String>,
    /// The maximum number of members; 0 counts as 1.
    pub limit: usize,
    /// Lists only members who are online, for `presence` and `join`; `presence_max` caps the `limit`.
    pub online_only: bool,
}

impl Request for Members {
    const NAME: &'static str = "rooms.members";
    type Answer = Result<MembersPage, Refusal>;
}

/// A page of a room's members.
#[derive(Debug, Clone)]
pub struct MembersPage {
    /// The members on this page.
    pub members: Vec<Member>,
    /// The number of all members, on every page.
    pub count: u64,
    /// The `after` of the next page; `None` on the last.
    pub next: Option<String>,
}

/// A member as others see them.
#[derive(Debug, Clone)]
pub struct Member {
    /// The person's id and name.
    pub user: User,
    /// The member's role, without the rights of a server administrator.
    pub role: Role,
    /// Whether the person shows as online.
    pub online: bool,
    /// When the mute ends, ms since 1970; `None` if not muted now.
    pub muted_until: Option<i64>,
}

/// All memberships of some users, for `hello` and for the fan-out's index. Concurrent.
#[derive(Clone)]
pub struct Memberships {
    /// The users to read them for.
    pub users: Vec<UserId>,
}

impl Request for Memberships {
    const NAME: &'static str = "rooms.memberships";
    type Answer = Result<Vec<Membership>, Refusal>;
}

/// One user's membership in one room.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The user's id; the directory has the name.
    pub user: UserId,
    /// The room's properties.
    pub room: Arc<RoomInfo>,
    /// The user's role, without the rights of a server administrator.
    pub role: Role,
    /// The `seq` of the room's last entry.
    pub head: Seq,
    /// The first entry that the user may read.
    pub visible_from: Seq,
    /// False in a direct room that the other person opened and this user has not answered.
    pub answered: bool,
    /// When the mute ends, ms since 1970; may have passed.
    pub muted_until: Option<i64>,
}

/// A user's pending invitations, for `hello`. Concurrent.
#[derive(Clone)]
pub struct Invitations {
    /// The invited user's id.
    pub user: UserId,
    /// The maximum number of invitations.
    pub limit: usize,
}

impl Request for Invitations {
    const NAME: &'static str = "rooms.invitations";
    type Answer = Result<Vec<Invited>, Refusal>;
}
