//! Reads a page of an answer: hits from the index, texts from messaging, until the page is full.
//!
//! The index may be a moment behind, and has what members may not read: messages from before they joined. So
//! each hit is read as the caller may read it now, and counts if its text still has the words. A page ends
//! early, with a cursor, when too many hits do not count.

use crate::highlights::Highlight;
use crate::index::{self, Hit, Lookup};
use crate::shapes::{Found, FoundMessage};
use extension::{Cx, Declined};
use messaging::api::{MessageInRoom, ReadMessages};
use rooms::api::{ReadableRoom, RoomId, RoomKey, Seq};
use sessions::api::Caller;
use std::collections::HashMap;
use std::time::Duration;
use storage::StorageError;
use tokio::time::Instant;

/// The number of hits that are read from the index at once, at first and at most: each time more, since the
/// database may begin at the beginning each time.
const HITS_MIN: usize = 64;
const HITS_MAX: usize = 4_096;

/// A page ends after so many hits, even if few of them count.
const HITS_OF_A_PAGE: usize = 20_000;

/// A page ends after so long: no further hits are read.
const TIME_OF_A_PAGE: Duration = Duration::from_millis(500);

/// A page ends when its texts are larger than that, in bytes.
const BYTES_OF_A_PAGE: usize = 128 * 1024;

/// The most messages that are asked for at once.
const MESSAGES_AT_ONCE: usize = 50;

/// Reads one page for one caller.
pub(crate) struct PageReader<'c> {
    cx: &'c Cx,
    caller: Caller,
    rooms: HashMap<RoomId, (&'c RoomKey, Seq)>,
    limit: usize,
    found: Vec<FoundMessage>,
    bytes: usize,
}

impl<'c> PageReader<'c> {
    pub(crate) fn new(cx: &'c Cx, caller: Caller, rooms: &'c [ReadableRoom], limit: usize) -> Self {
        let rooms = rooms
            .iter()
            .map(|one| (one.room.id, (&one.room.key, one.visible_from)));
        Self {
            cx,
            caller,
            rooms: rooms.collect(),
            limit,
            found: Vec::new(),
            bytes: 0,
        }
    }

    /// Reads the page of what is below the lookup's bound.
    pub(crate) async fn read(mut self, mut lookup: Lookup) -> Result<Found, Declined> {
        if self.rooms.is_empty() {
            return Ok(self.page(None));
        }
        let began = Instant::now();
        let (mut at_once, mut hits_read) = (HITS_MIN, 0);
        loop {
            let hits = find(self.cx, &lookup, at_once).await?;
            hits_read += hits.len();
            let is_last = hits.len() < at_once;
            if let Some(end) = self.take(&hits, &lookup).await? {
                return Ok(self.page(Some(end)));
            }
            let Some(last) = hits.last().filter(|_| !is_last) else {
                return Ok(self.page(None));
            };
            if hits_read >= HITS_OF_A_PAGE || began.elapsed() >= TIME_OF_A_PAGE {
                return Ok(self.page(Some(last.id)));
            }
            lookup.below = last.id;
            at_once = (at_once * 4).min(HITS_MAX);
        }
    }

    /// Adds those of these hits that count. If the page is full, returns the id of the last one on it.
    async fn take(&mut self, hits: &[Hit], lookup: &Lookup) -> Result<Option<i64>, Declined> {
        let visible = hits.iter().filter(|hit| self.may_be_read(hit));
        let visible: Vec<Hit> = visible.copied().collect();
        for hits in visible.chunks(self.limit.min(MESSAGES_AT_ONCE)) {
            let mut messages = self.messages(hits).await?;
            for hit in hits {
                let message = messages.remove(&(hit.room(), hit.seq));
                let Some(found) = message.and_then(|message| self.shown(message, lookup)) else {
                    continue;
                };
                self.bytes += found.size();
                self.found.push(found);
                if self.found.len() >= self.limit || self.bytes >= BYTES_OF_A_PAGE {
                    return Ok(Some(hit.id));
                }
            }
        }
        Ok(None)
    }

    fn may_be_read(&self, hit: &Hit) -> bool {
        self.rooms
            .get(&hit.room())
            .is_some_and(|(_, visible_from)| hit.seq >= *visible_from)
    }

    async fn messages(
        &self,
        hits: &[Hit],
    ) -> Result<HashMap<(RoomId, Seq), MessageInRoom>, Declined> {
        let messages = self.cx.ask(ReadMessages {
            caller: self.caller.clone(),
            positions: hits.iter().map(|hit| (hit.room(), hit.seq)).collect(),
        });
        let messages = messages.await?.into_iter();
        Ok(messages
            .map(|message| ((message.room, message.seq), message))
            .collect())
    }

    fn shown(&self, mut message: MessageInRoom, lookup: &Lookup) -> Option<FoundMessage> {
        let (room, _) = self.rooms.get(&message.room)?;
        let body = message.body.take()?;
        let highlights: Vec<Highlight> = lookup.highlights(&body)?;
        Some(FoundMessage::new(room, &message, body, highlights))
    }

    fn page(self, next: Option<i64>) -> Found {
        Found {
            messages: self.found,
            next: next.map(|id| id.to_string()),
        }
    }
}

impl Lookup {
    /// Returns what of a text is shown; `None` if the text is not what was looked for.
    fn highlights(&self, text: &str) -> Option<Vec<Highlight>> {
        if self.with_link && !crate::document::has_link(text) {
            return None;
        }
        self.query.highlights(text)
    }
}

async fn find(cx: &Cx, lookup: &Lookup, limit: usize) -> Result<Vec<Hit>, StorageError> {
    let lookup = lookup.clone();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let read = cx.database().read("search.find", move |reader| {
        Box::pin(async move { index::find(reader, &lookup, limit).await })
    });
    read.await
}
