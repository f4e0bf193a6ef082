//! What a client has missed, read with its own rights a page at a time and put into its queue as
//! that drains.
//!
//! Of each room only the cursor is kept. When a room's page reaches its head, the hub takes the
//! subscription over; what came meanwhile it has kept, so there is neither hole nor repeat.

use super::BusClient;
use crate::connection::{Close, Conn, Frame};
use crate::hub::{DeliverPage, PageDelivered};
use crate::shared::Shared;
use crate::wire::{BANNED, Error, NO_SUCH_ROOM, NOT_MEMBER, push};
use bus::TraceId;
use rooms::api::{LogPage, ReadLog, RoomKey, Seq};
use sessions::api::UserId;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Bytes read at once: the queue never holds more of a replay.
const PAGE_BYTES: usize = 64 << 10;
/// Entries read at once.
const PAGE: usize = 200;
/// How often a page is tried before the socket is closed, to come back later.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// The rooms that are still to be replayed on one connection.
pub(crate) struct Replay {
    rooms: VecDeque<(RoomKey, Seq)>,
    /// `resumed` is to be said at the end.
    announce: bool,
    failures: u32,
}

impl Replay {
    pub(crate) fn new(rooms: Vec<(RoomKey, Seq)>, announce: bool) -> Self {
        Self {
            rooms: rooms.into(),
            announce,
            failures: 0,
        }
    }

    /// One more room, after the others.
    pub(crate) fn add(&mut self, room: RoomKey, cursor: Seq) {
        self.rooms.push_back((room, cursor));
    }

    /// Takes over what another was to do.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.rooms.extend(other.rooms);
        self.announce |= other.announce;
    }

    /// Nothing left to do.
    pub(crate) fn is_done(&self) -> bool {
        self.rooms.is_empty() && !self.announce
    }

    /// Reads and hands over one page, or says that it is over.
    pub(crate) async fn step(mut self, shared: Arc<Shared>, conn: Arc<Conn>, user: UserId) -> Self {
        let Some((room, cursor)) = self.rooms.pop_front() else {
            if std::mem::take(&mut self.announce) {
                conn.send_now(Frame::json(&push::resumed()));
            }
            return self;
        };
        let bus = BusClient::new(&shared, TraceId::random());
        match page(&bus, &conn, user, &room, cursor).await {
            Ok(Some(cursor)) => {
                self.failures = 0;
                self.rooms.push_front((room, cursor));
            }
            Ok(None) => self.failures = 0,
            Err(_) if self.failures + 1 == ATTEMPTS => conn.close(Close::ORDER_LOST),
            Err(_) => {
                self.failures += 1;
                self.rooms.push_front((room, cursor));
                tokio::time::sleep(PAUSE).await;
            }
        }
        self
    }
}

/// One page of one room; returns the new cursor while there is more to come.
async fn page(
    bus: &BusClient,
    conn: &Conn,
    user: UserId,
    room: &RoomKey,
    cursor: Seq,
) -> Result<Option<Seq>, Error> {
    let read = ReadLog {
        reader: Some(user),
        room: room.clone(),
        after: Some(cursor),
        upto: None,
        limit: PAGE,
        bytes: PAGE_BYTES,
    };
    let page = match bus.ask(read).await {
        Ok(page) => page,
        // No member any more: `gone` comes from the hub, or has come.
        Err(error) if [&NO_SUCH_ROOM, &NOT_MEMBER, &BANNED].contains(&error.kind) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let reached = reached(&page, cursor);
    let frames = page.entries.iter();
    let frames = frames.map(|entry| Frame::json(&push::entry(room, entry)));
    let advance = DeliverPage {
        connection: conn.id,
        room: room.clone(),
        reply: None,
        frames: frames.collect(),
        cursor: reached,
        at_head: page.complete,
        joined: None,
    };
    match bus.ask_infallible(advance).await? {
        PageDelivered::More => Ok(Some(reached)),
        PageDelivered::Live | PageDelivered::Gone => Ok(None),
    }
}

/// How far the client is after a page. What the log leaves out is not for this user.
fn reached(page: &LogPage, cursor: Seq) -> Seq {
    if page.complete {
        return cursor.max(page.head);
    }
    page.entries.last().map_or(cursor, |last| last.seq)
}
