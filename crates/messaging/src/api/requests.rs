//! The requests that messaging answers. Texts are as the client sent them; messaging validates and
//! normalises them. An *ordered* request goes through the subscriber, so requests of one sender keep
//! their order; a *concurrent* one is read in a snapshot beside it.

use super::{LastMessage, Message};
use bus::Request;
use rooms::api::{Card, Done, Invited, Preferences, Refusal, RoomId, RoomKey, Seq};
use sessions::api::{Caller, ConnectionId, User};

/// `send`: stores a message. Ordered.
pub struct SendMessage {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The client's own id for the message, so that a repeat is recognised.
    pub cid: String,
    /// The text of the message.
    pub body: String,
    /// The message that this one replies to.
    pub reply_to: Option<Seq>,
}

impl Request for SendMessage {
    const NAME: &'static str = "messaging.send";
    type Answer = Result<Sent, Refusal>;
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The entry's id on the wire.
    pub id: String,
    /// The entry's position in the log.
    pub seq: Seq,
    /// When it was first stored, ms since 1970.
    pub at: i64,
    /// True if it was stored before.
    pub dup: bool,
}

/// `edit`: gives a message a new text. Ordered.
pub struct EditMessage {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The message to edit.
    pub target: Seq,
    /// The new text.
    pub body: String,
}

impl Request for EditMessage {
    const NAME: &'static str = "messaging.edit";
    type Answer = Result<Done, Refusal>;
}

/// `delete`: deletes a message for good. Ordered.
pub struct DeleteMessage {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The message to delete.
    pub target: Seq,
}

impl Request for DeleteMessage {
    const NAME: &'static str = "messaging.delete";
    type Answer = Result<Done, Refusal>;
}

/// `react`: adds or removes a reaction. Ordered.
pub struct React {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The message to react to.
    pub target: Seq,
    /// One emoji, with or without its U+FE0F; to remove a reaction, any text that an older server
    /// accepted.
    pub emoji: String,
    /// True to add, false to remove.
    pub on: bool,
}

impl Request for React {
    const NAME: &'static str = "messaging.react";
    type Answer = Result<Done, Refusal>;
}

/// `read`: moves the caller's read marker, never back. Ordered.
pub struct MarkRead {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The connection it came through; `None` over HTTP.
    pub connection: Option<ConnectionId>,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// The last message read; capped at the room's head.
    pub seq: Seq,
}

impl Request for MarkRead {
    const NAME: &'static str = "messaging.mark_read";
    type Answer = Result<Marked, Refusal>;
}

/// A read marker after `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// The marker's position.
    pub seq: Seq,
    /// The number of unread messages above it, at most 999.
    pub unread: u32,
    /// The number of those that mention the user, at most 999.
    pub mentions: u32,
}

/// The messages of a room to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The newest messages.
    Newest,
    /// The nearest messages below this seq.
    Before(Seq),
    /// The nearest messages above this seq.
    After(Seq),
    /// Messages on both sides of this seq, and the one at it.
    Around(Seq),
}

/// `history`: reads a page of messages. Concurrent.
#[derive(Clone)]
pub struct ReadHistory {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// The room's key, as the client sent it.
    pub room: RoomKey,
    /// Which messages to read.
    pub anchor: Anchor,
    /// The maximum number of messages; 0 counts as 1.
    pub limit: usize,
    /// The approximate maximum size of the bodies, in bytes.
    pub bytes: usize,
}

impl Request for ReadHistory {
    const NAME: &'static str = "messaging.history";
    type Answer = Result<HistoryPage, Refusal>;
}

/// A page of messages; messages and head are from one snapshot.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The messages in ascending order.
    pub messages: Vec<Message>,
    /// True if there are more in the direction read, or in either direction for `Around`.
    pub more: bool,
    /// The `seq` of the room's last entry.
    pub head: Seq,
}

/// Messages at positions in the logs of several rooms, with their current texts: for parts of the server
/// that found them otherwise. From one snapshot of the primary, which also decides what the caller may
/// read. Concurrent.
#[derive(Clone)]
pub struct ReadMessages {
    /// The person who wants to read.
    pub caller: Caller,
    /// The positions of the messages. Only the first 100 are read.
    pub positions: Vec<(RoomId, Seq)>,
}

impl Request for ReadMessages {
    const NAME: &'static str = "messaging.messages";
    type Answer = Result<Vec<MessageInRoom>, Refusal>;
}

/// A message with its current text, and the room that it is in. Messages that the caller may not read, and
/// positions without a message, are left out of the answer; the others are in no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageInRoom {
    /// The room that it was written in.
    pub room: RoomId,
    /// The position of the message's `message` entry.
    pub seq: Seq,
    /// The message's author.
    pub author: User,
    /// When it was sent, ms since 1970.
    pub at: i64,
    /// The current text; `None` once deleted.
    pub body: Option<String>,
    /// When it was last edited, ms since 1970.
    pub edited_at: Option<i64>,
    /// The message that this one replies to.
    pub reply_to: Option<Seq>,
}

/// `rooms`: lists rooms by key. Concurrent.
#[derive(Clone)]
pub struct ListRooms {
    /// The authenticated sender of the command.
    pub caller: Caller,
    /// True to list all public rooms, false to list the caller's own.
    pub all: bool,
    /// The `next` of the previous page; `None` for the first.
    pub after: Option<String>,
    /// The maximum number of rooms; 0 counts as 1.
    pub limit: usize,
}

impl Request for ListRooms {
    const NAME: &'static str = "messaging.rooms";
    type Answer = Result<RoomsPage, Refusal>;
}

/// A page of rooms, ordered by key.
#[derive(Debug, Clone)]
pub struct RoomsPage {
    /// The rooms on this page.
    pub rooms: Vec<RoomSummary>,
    /// The `after` of the next page; `None` on the last.
    pub next: Option<String>,
    /// The caller's pending invitations; only on the first page of their own rooms.
    pub invitations: Option<Vec<Invited>>,
}

/// A room in the list.
#[derive(Debug, Clone)]
pub struct RoomSummary {
    /// The room as the caller sees it.
    pub card: Card,
    /// The `seq` of the room's last entry.
    pub head: Seq,
    /// The caller's read marker; 0 for a non-member.
    pub read: Seq,
    /// The number of unread messages above it, at most 999.
    pub unread: u32,
    /// The number of those that mention the caller, at most 999.
    pub mentions: u32,
    /// False for a direct room that the other person opened and the caller has not answered.
    pub answered: bool,
    /// What the caller wants of the room; only in the list of their own rooms.
    pub preferences: Preferences,
    /// The newest message that the caller may read; only in the list of their own rooms.
    pub last: Option<LastMessage>,
}
