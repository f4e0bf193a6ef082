//! A message with its current text and reactions.

use rooms::api::Seq;
use sessions::api::User;

/// A message with all its edits and reactions applied, as of the head of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The position of its `message` entry.
    pub seq: Seq,
    /// The entry's id on the wire.
    pub id: String,
    /// The message's author.
    pub author: User,
    /// When it was sent, ms since 1970.
    pub at: i64,
    /// The author's own id for it.
    pub cid: String,
    /// The current text; `None` once deleted.
    pub body: Option<String>,
    /// When it was last edited, ms since 1970.
    pub edited_at: Option<i64>,
    /// The entry of the last edit.
    pub edited_seq: Option<Seq>,
    /// The message that this one replies to.
    pub reply_to: Option<Seq>,
    /// The members mentioned when it was sent; edits do not change them.
    pub mentions: Vec<User>,
    /// The reactions, ordered by the oldest of each kind that is still set.
    pub reactions: Vec<Reaction>,
}

/// All reactions with the same emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji in its canonical (fully-qualified) form.
    pub emoji: String,
    /// The number of people who reacted.
    pub count: u32,
    /// True if the reader is one of them.
    pub mine: bool,
}

/// A room's newest message as the list of rooms shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// The position of its `message` entry.
    pub seq: Seq,
    /// The entry's id on the wire.
    pub id: String,
    /// The message's author.
    pub author: User,
    /// When it was sent, ms since 1970.
    pub at: i64,
    /// The beginning of the current text; `None` once deleted.
    pub preview: Option<String>,
    /// Whether the text is that of an edit.
    pub edited: bool,
}
