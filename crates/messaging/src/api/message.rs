//! A message as it stands.

use rooms::api::Seq;
use sessions::api::User;

/// A message with all its edits and reactions applied, as of the head of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its place.
    pub seq: Seq,
    /// The entry's id.
    pub id: String,
    /// Who wrote it.
    pub author: User,
    /// ms since 1970.
    pub at: i64,
    /// The author's own id for it.
    pub cid: String,
    /// What it says now; `None` once deleted.
    pub body: Option<String>,
    /// When it was last edited, ms since 1970.
    pub edited_at: Option<i64>,
    /// The entry of that edit.
    pub edited_seq: Option<Seq>,
    /// What it answers.
    pub reply_to: Option<Seq>,
    /// Members named in it when it was sent.
    pub mentions: Vec<User>,
    /// In the order in which they first came.
    pub reactions: Vec<Reaction>,
}

/// One kind of reaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// With what.
    pub emoji: String,
    /// How many people.
    pub count: u32,
    /// The reader is one of them.
    pub mine: bool,
}
