//! What messaging answers. Texts come as they were sent; messaging validate and normalises them.

use super::Message;
use bus::Request;
use rooms::api::{Card, Done, Invited, Refusal, RoomKey, Seq};
use sessions::api::{Caller, ConnectionId};

/// `send`. Ordered.
pub struct SendMessage {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// The client's own id for it.
    pub cid: String,
    /// What.
    pub body: String,
    /// What it answers.
    pub reply_to: Option<Seq>,
}

impl Request for SendMessage {
    const NAME: &'static str = "messaging.send";
    type Answer = Result<Sent, Refusal>;
}

/// A message that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The entry's id.
    pub id: String,
    /// Its place.
    pub seq: Seq,
    /// ms since 1970, of the first time.
    pub at: i64,
    /// It was stored before.
    pub dup: bool,
}

/// `edit`. Ordered.
pub struct EditMessage {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// Which message.
    pub target: Seq,
    /// What it shall say.
    pub body: String,
}

impl Request for EditMessage {
    const NAME: &'static str = "messaging.edit";
    type Answer = Result<Done, Refusal>;
}

/// `delete`. Ordered.
pub struct DeleteMessage {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// Which message.
    pub target: Seq,
}

impl Request for DeleteMessage {
    const NAME: &'static str = "messaging.delete";
    type Answer = Result<Done, Refusal>;
}

/// `react`. Ordered.
pub struct React {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// To which message.
    pub target: Seq,
    /// With what.
    pub emoji: String,
    /// Set or taken back.
    pub on: bool,
}

impl Request for React {
    const NAME: &'static str = "messaging.react";
    type Answer = Result<Done, Refusal>;
}

/// `read`. Ordered.
pub struct MarkRead {
    /// Who.
    pub caller: Caller,
    /// Through which connection.
    pub connection: Option<ConnectionId>,
    /// Where.
    pub room: RoomKey,
    /// Up to here.
    pub seq: Seq,
}

impl Request for MarkRead {
    const NAME: &'static str = "messaging.mark_read";
    type Answer = Result<Marked, Refusal>;
}

/// Where the marker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// Its place.
    pub seq: Seq,
    /// Unread above it.
    pub unread: u32,
    /// Of those, how many mention the user.
    pub mentions: u32,
}

/// Which messages of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The last ones.
    Newest,
    /// Below this place.
    Before(Seq),
    /// Above this place.
    After(Seq),
    /// Centred on this place.
    Around(Seq),
}

/// `history`. Concurrent.
#[derive(Clone)]
pub struct ReadHistory {
    /// Who.
    pub caller: Caller,
    /// Where.
    pub room: RoomKey,
    /// Which.
    pub anchor: Anchor,
    /// Most messages.
    pub limit: usize,
    /// Most bytes of bodies, roughly.
    pub bytes: usize,
}

impl Request for ReadHistory {
    const NAME: &'static str = "messaging.history";
    type Answer = Result<HistoryPage, Refusal>;
}

/// Messages and head of one snapshot.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// Ascending.
    pub messages: Vec<Message>,
    /// More lie in the direction read (either, around).
    pub more: bool,
    /// The room's last `seq`.
    pub head: Seq,
}

/// `rooms`. Concurrent.
#[derive(Clone)]
pub struct ListRooms {
    /// Who.
    pub caller: Caller,
    /// All public ones rather than one's own.
    pub all: bool,
    /// The page's token, from the page before.
    pub after: Option<String>,
    /// Most rooms.
    pub limit: usize,
}

impl Request for ListRooms {
    const NAME: &'static str = "messaging.rooms";
    type Answer = Result<RoomsPage, Refusal>;
}

/// Rooms, by key.
#[derive(Debug, Clone)]
pub struct RoomsPage {
    /// This page.
    pub rooms: Vec<RoomSummary>,
    /// The next page's `after`.
    pub next: Option<String>,
    /// With the first page of one's own: what one is invited to.
    pub invitations: Option<Vec<Invited>>,
}

/// One room in the list.
#[derive(Debug, Clone)]
pub struct RoomSummary {
    /// As the caller sees it.
    pub card: Card,
    /// Its last `seq`.
    pub head: Seq,
    /// The caller's marker; 0 for one who is not a member.
    pub read: Seq,
    /// Unread above it.
    pub unread: u32,
    /// Of those, how many mention the caller.
    pub mentions: u32,
    /// False for a direct room that the other one opened and the caller has not answered.
    pub answered: bool,
}
