//! The follower: keeps the index up to date with messages, edits and deletions.

use crate::document::{self, Document, terms_of};
use crate::index::{self, Known};
use extension::{Follower, Page, Sees, StartFrom};
use rooms::api::{Change, Entry, RoomId, RoomInfo, Seq};
use sessions::api::UserId;
use std::collections::BTreeMap;
use storage::{Fault, Writer};

/// Follows all logs. What a person may read is decided when they search.
pub(crate) struct Indexer;

impl Follower for Indexer {
    const SEES: Sees = Sees::All;
    const FROM: StartFrom = StartFrom::Beginning;

    async fn apply(&self, page: &Page, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let mut changes = Changes::default();
        page.entries.iter().for_each(|entry| changes.add(entry));
        changes.write(page.room.id, tx).await
    }

    async fn forgotten(
        &self,
        room: &RoomInfo,
        kept_from: Seq,
        tx: &mut Writer<'_>,
    ) -> Result<(), Fault> {
        index::forget(tx, room.id, kept_from).await
    }

    async fn reset(&self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        index::clear(tx).await
    }
}

/// What the entries of a page come to, by message.
#[derive(Debug, Default)]
pub(crate) struct Changes<'p>(BTreeMap<Seq, MessageChange<'p>>);

#[derive(Debug, Clone, Copy)]
enum MessageChange<'p> {
    /// Said on this page; the text may be that of an edit.
    New {
        at: i64,
        author: UserId,
        text: &'p str,
    },
    /// Said before, edited on this page.
    Edited(&'p str),
    Deleted,
}

impl<'p> Changes<'p> {
    pub(crate) fn add(&mut self, entry: &'p Entry) {
        match &entry.change {
            Change::Message {
                body: Some(text), ..
            } => {
                let new = MessageChange::New {
                    at: entry.at,
                    author: entry.author.id,
                    text,
                };
                self.0.insert(entry.seq, new);
            }
            Change::Edited {
                target,
                body: Some(edited),
            } => match self.0.get_mut(target) {
                Some(MessageChange::New { text, .. }) => *text = edited,
                Some(MessageChange::Deleted) => {}
                Some(MessageChange::Edited(_)) | None => {
                    self.0.insert(*target, MessageChange::Edited(edited));
                }
            },
            Change::Deleted { target } => {
                self.0.insert(*target, MessageChange::Deleted);
            }
            _ => {}
        }
    }

    pub(crate) async fn write(self, room: RoomId, tx: &mut Writer<'_>) -> Result<(), Fault> {
        let (mut new, mut before) = (Vec::new(), Vec::new());
        for (seq, change) in &self.0 {
            match *change {
                MessageChange::New { at, author, text } => new.push(Document {
                    id: document::id(at, room, *seq),
                    room,
                    seq: *seq,
                    author,
                    terms: terms_of(room, author, text),
                }),
                MessageChange::Edited(_) | MessageChange::Deleted => before.push(*seq),
            }
        }
        let (mut reworded, mut removed) = (Vec::new(), Vec::new());
        // Edits of messages that are not in the index are of deleted or forgotten ones.
        for Known { id, seq, author } in index::known(tx, room, &before).await? {
            match self.0.get(&seq) {
                Some(MessageChange::Edited(text)) => {
                    reworded.push((id, terms_of(room, author, text)));
                }
                _ => removed.push(id),
            }
        }
        index::remove(tx, &removed).await?;
        index::reword(tx, &reworded).await?;
        index::insert(tx, new).await
    }
}
