//! A look at every room: finds what no event told of, or what was missed.

use super::Follower;
use super::engine::{BATCH_WINDOW, Engine};
use rooms::api::{RoomHead, Seq};
use tokio::time::{Instant, sleep};

/// The number of rooms that are found before they are followed; the next look finds the others.
const DUE_ROOMS_MAX: usize = 50_000;

/// Rooms that are not followed to their ends.
#[derive(Default)]
struct DueRooms {
    rooms: Vec<RoomHead>,
    /// How many entries wait, also those of rooms beyond the limit.
    entries: Seq,
    are_all: bool,
}

impl<F: Follower> Engine<F> {
    /// Follows every room up to its head.
    pub(super) async fn rescan(&mut self) -> anyhow::Result<()> {
        loop {
            let due = self.due_rooms().await?;
            self.status.waiting(due.entries);
            if !due.rooms.is_empty() {
                // The events of what was committed just now arrive meanwhile, so that it was heard live.
                sleep(BATCH_WINDOW).await;
            }
            for head in due.rooms {
                self.look_at(head).await?;
            }
            if due.are_all {
                self.rescanned_at = Instant::now();
                return Ok(());
            }
        }
    }

    async fn due_rooms(&mut self) -> anyhow::Result<DueRooms> {
        let (mut due, mut after) = (DueRooms::default(), None);
        // The heads that follow include what was heard so far.
        self.status.count_heard();
        due.are_all = true;
        loop {
            let heads = self.reader.heads(after).await?;
            let Some(last) = heads.last() else {
                return Ok(due);
            };
            after = Some(last.room);
            for head in heads {
                let (cursor, kept) = (self.cursor(head.room), self.kept(head.room));
                if head.head < cursor {
                    self.begin_after_loss().await?;
                    anyhow::bail!("a log got shorter, the follower begins again");
                }
                if head.head == cursor && head.kept_from <= kept.max(1) {
                    continue;
                }
                due.entries += head.head - cursor;
                if due.rooms.len() < DUE_ROOMS_MAX {
                    due.rooms.push(head);
                } else {
                    due.are_all = false;
                }
            }
        }
    }

    async fn look_at(&mut self, head: RoomHead) -> anyhow::Result<()> {
        if let Some(update) = self.inbox.take(head.room) {
            self.catch_up(update).await?;
        }
        let room = (head.room, &head.key);
        self.read_up_to(room, head.head).await?;
        if head.kept_from > self.kept(head.room).max(1) {
            self.page(room, self.cursor(head.room)).await?;
            self.write_if_full().await?;
        }
        Ok(())
    }
}
