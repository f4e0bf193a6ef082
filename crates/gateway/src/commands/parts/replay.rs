//! Replays what a client has missed: reads page by page with its user's rights and queues each page
//! as the queue drains.
//!
//! Only a cursor per room is kept. When a page reaches the room's head, the hub takes the subscription
//! over; it has buffered what came meanwhile, so that nothing is missing and nothing repeated.

use crate::commands::op::BusClient;
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

/// Bytes per page: the queue never holds more of a replay.
const PAGE_BYTES: usize = 64 << 10;
/// Entries per page.
const PAGE: usize = 200;
/// Attempts per page before the socket is closed, so that the client comes back later.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// The rooms still to be replayed on one connection.
pub(crate) struct Replay {
    rooms: VecDeque<(RoomKey, Seq)>,
    /// Whether to push `resumed` at the end.
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

    /// Appends a room.
    pub(crate) fn add(&mut self, room: RoomKey, cursor: Seq) {
        self.rooms.push_back((room, cursor));
    }

    /// Appends what another replay still has to do.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.rooms.extend(other.rooms);
        self.announce |= other.announce;
    }

    /// Returns whether nothing is left to do.
    pub(crate) fn is_done(&self) -> bool {
        self.rooms.is_empty() && !self.announce
    }

    /// Reads and delivers one page, or pushes `resumed` after the last one.
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

/// Reads and delivers one page of one room; returns the new cursor while there is more.
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
        // The membership has ended: the hub pushes `gone`, or already has.
        Err(error) if [&NO_SUCH_ROOM, &NOT_MEMBER, &BANNED].contains(&error.kind) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let reached = reached(&page, cursor);
    let frames = page.entries.iter();
    let frames = frames.map(|entry| Frame::json(&push::entry(room, entry)));
    let deliver = DeliverPage {
        connection: conn.id,
        room: room.clone(),
        reply: None,
        frames: frames.collect(),
        cursor: reached,
        at_head: page.complete,
        joined: None,
    };
    match bus.ask_infallible(deliver).await? {
        PageDelivered::More => Ok(Some(reached)),
        PageDelivered::Live | PageDelivered::Gone => Ok(None),
    }
}

/// Returns the client's cursor after a page. Entries that the page leaves out are hidden from this user.
fn reached(page: &LogPage, cursor: Seq) -> Seq {
    if page.complete {
        return cursor.max(page.head);
    }
    page.entries.last().map_or(cursor, |last| last.seq)
}
