//! Entries to be written: collected first, then written as a set and published as one event.

use super::fingerprint;
use crate::api::{Change, EntriesAppended, Entry, RoomEntries, Seq};
use crate::store::rooms::Room;
use crate::store::{entries, insert};
use sessions::api::User;
use std::sync::Arc;
use storage::prelude::*;

/// The entries that one transaction adds to the logs of the rooms it has locked.
#[derive(Default)]
pub(crate) struct Staged {
    rooms: Vec<RoomEntries>,
}

impl Staged {
    /// Adds an entry, moves `room.head` to it and returns its seq.
    pub(crate) fn add(&mut self, room: &mut Room, author: &User, at: i64, change: Change) -> Seq {
        room.head += 1;
        let entry = Arc::new(Entry {
            room: room.info.id,
            seq: room.head,
            author: author.clone(),
            at,
            change,
        });
        match self
            .rooms
            .iter_mut()
            .find(|part| part.room.id == room.info.id)
        {
            Some(part) => {
                part.room = Arc::clone(&room.info);
                part.entries.push(entry);
            }
            None => self.rooms.push(RoomEntries {
                room: Arc::clone(&room.info),
                entries: vec![entry],
            }),
        }
        room.head
    }

    /// Writes the entries and heads, removes the bodies of deleted messages, and publishes
    /// [`EntriesAppended`]. Does nothing if there are no entries.
    pub(crate) async fn write(self, tx: &mut Writer<'_>) -> Result<(), Fault> {
        if self.rooms.is_empty() {
            return Ok(());
        }
        let rows: Vec<(&Entry, Option<[u8; 16]>)> = self
            .entries()
            .map(|entry| (entry, fingerprint(entry)))
            .collect();
        insert::entries(tx, &rows).await?;
        insert::heads(tx, &self.heads()).await?;
        for entry in self.entries() {
            if let Change::Deleted { target } = entry.change {
                entries::redact(tx, entry.room, target).await?;
            }
        }
        tx.state(EntriesAppended { rooms: self.rooms });
        Ok(())
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rooms
            .iter()
            .flat_map(|part| part.entries.iter().map(|entry| &**entry))
    }

    fn heads(&self) -> Vec<(i64, Seq)> {
        let head = |part: &RoomEntries| part.entries.last().map(|last| (part.room.id.0, last.seq));
        self.rooms.iter().filter_map(head).collect()
    }
}

fn fingerprint(entry: &Entry) -> Option<[u8; 16]> {
    match &entry.change {
        Change::Message { body, reply_to, .. } => Some(fingerprint::of(
            body.as_deref().unwrap_or_default(),
            *reply_to,
        )),
        _ => None,
    }
}
