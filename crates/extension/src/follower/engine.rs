//! The engine of a follower: a task that takes what the feed heard, reads what it missed from the
//! logs, and carries it out.
//!
//! After any failure it drops what it has in memory, reads its cursors again and looks at every
//! room.

use super::batch::{self, Batch};
use super::inbox::RoomUpdate;
use super::jobs::{Apply, CursorConflict, Step};
use super::log_reader::{LogReader, Source};
use super::page::room_shown_to;
use super::progress::Progress;
use super::{Followed, Follower, FollowerStatus, Inbox, Page};
use crate::Cx;
use anyhow::Context as _;
use bus::{Backoff, Tasks, panics};
use rooms::api::{RoomId, RoomInfo, RoomKey, Seq};
use std::sync::Arc;
use std::time::Duration;
use storage::DatabaseState;
use tokio::time::{Instant, sleep, timeout};

/// How long to collect entries before they are carried out.
pub(super) const BATCH_WINDOW: Duration = Duration::from_millis(200);

/// How often every room is looked at, in case another node's last event was lost.
pub(super) const RESCAN_EVERY: Duration = Duration::from_secs(300);

/// The first and the longest pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The time limit of a write, and of one call of [`Follower::act`].
pub(super) const WRITE_WITHIN: Duration = Duration::from_secs(10);
const ACT_WITHIN: Duration = Duration::from_secs(30);

/// The state of a follower's task.
pub(crate) struct Engine<F> {
    pub(super) follower: Arc<F>,
    pub(super) cx: Cx,
    pub(super) reader: LogReader,
    pub(super) inbox: Arc<Inbox>,
    pub(super) status: Arc<FollowerStatus>,
    /// How far it is, if loaded.
    pub(super) progress: Option<Progress>,
    batch: Batch,
    /// Whether anything was carried out since the last failure.
    has_advanced: bool,
    pub(super) rescanned_at: Instant,
}

impl<F: Follower> Engine<F> {
    pub(crate) fn new(
        (follower, cx): (Arc<F>, Cx),
        source: Source,
        inbox: Arc<Inbox>,
        status: Arc<FollowerStatus>,
    ) -> Self {
        let bus = cx.bus().clone();
        Self {
            follower,
            cx,
            reader: LogReader { source, bus },
            inbox,
            status,
            progress: None,
            batch: Batch::new(),
            has_advanced: false,
            rescanned_at: Instant::now(),
        }
    }

    /// Follows until it is cancelled.
    pub(crate) async fn run(mut self, tasks: Tasks) -> anyhow::Result<()> {
        self.inbox.request_rescan();
        let mut backoff = Backoff::between(PAUSE_MIN, PAUSE_MAX);
        loop {
            // A time-out only means that a look at every room is due.
            let _ = timeout(RESCAN_EVERY, self.inbox.changed()).await;
            sleep(BATCH_WINDOW).await;
            #[cfg(feature = "testing")]
            self.cx.faults().before_a_round().await;
            let round = panics::caught(self.round()).await;
            match round.unwrap_or_else(|panic| Err(anyhow::Error::msg(panic))) {
                Ok(()) => {
                    backoff.reset();
                    self.status.succeeded();
                }
                Err(error) => {
                    self.start_over();
                    self.status.interrupted();
                    let opening = self.cx.database().state() == DatabaseState::Connecting;
                    if !opening && !tasks.stopping().is_cancelled() {
                        self.status.failed(&error);
                    }
                    if std::mem::take(&mut self.has_advanced) {
                        backoff.reset();
                    }
                    sleep(backoff.pause()).await;
                    self.inbox.request_rescan();
                }
            }
        }
    }

    /// Drops everything not yet written.
    pub(super) fn start_over(&mut self) {
        self.progress = None;
        self.batch.take();
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let is_asked = self.inbox.take_rescan();
        if is_asked || self.progress.is_none() || self.rescanned_at.elapsed() >= RESCAN_EVERY {
            self.load().await?;
            self.rescan().await?;
        }
        self.status.count_heard();
        let mut after = None;
        while let Some(update) = self.inbox.take_after(after) {
            after = Some(update.room.id);
            self.catch_up(update).await?;
        }
        self.write().await?;
        self.status.waiting(0);
        Ok(())
    }

    /// Follows a room up to its head; reads the entries that the update does not hold.
    pub(super) async fn catch_up(&mut self, update: RoomUpdate) -> anyhow::Result<()> {
        let RoomUpdate {
            room,
            head,
            kept_from,
            entries,
            ..
        } = update;
        self.forget(&room, kept_from);
        self.write_if_full().await?;
        let known_from = entries.first().map_or(head + 1, |first| first.seq);
        if self.cursor(room.id) + 1 < known_from {
            self.read_up_to((room.id, &room.key), known_from - 1)
                .await?;
        }
        // Of what retention has deleted meanwhile, the follower heard before.
        let from = self.cursor(room.id).max(self.kept(room.id) - 1);
        let mut new = entries;
        new.retain(|entry| entry.seq > from);
        for part in batch::parts(new, self.batch.page_max()) {
            let to = part.last().map_or(from, |last| last.seq);
            self.add(Arc::clone(&room), part, to).await?;
        }
        self.read_up_to((room.id, &room.key), head).await
    }

    /// Reads a room's log from the cursor up to `upto`, and how much retention has left of it.
    pub(super) async fn read_up_to(
        &mut self,
        (room, key): (RoomId, &RoomKey),
        upto: Seq,
    ) -> anyhow::Result<()> {
        while self.cursor(room) < upto {
            let cursor = self.cursor(room);
            let page = self.page((room, key), cursor).await?;
            let to = match page.entries.last() {
                Some(last) if !page.complete => last.seq,
                _ => page.head,
            };
            let to = to.min(upto);
            anyhow::ensure!(to > cursor, "the log of a room ends before its head");
            let read = page.entries.into_iter().filter(|entry| entry.seq <= to);
            let read = read.map(|entry| Followed {
                entry,
                heard_at: None,
            });
            self.add(page.room, read.collect(), to).await?;
        }
        Ok(())
    }

    /// Reads a page, and notes what retention has left of the room.
    pub(super) async fn page(
        &mut self,
        (room, key): (RoomId, &RoomKey),
        after: Seq,
    ) -> anyhow::Result<rooms::api::FollowedPage> {
        let page = self.reader.page(key, after, self.batch.page_max()).await?;
        let followed = self.progress.as_ref();
        let followed = followed.and_then(|progress| progress.source.as_ref());
        anyhow::ensure!(
            followed == Some(&page.epoch) && page.room.id == room,
            "the rooms belong to another store since a moment ago"
        );
        self.forget(&page.room, page.kept_from);
        Ok(page)
    }

    pub(super) fn cursor(&self, room: RoomId) -> Seq {
        let progress = self.progress.as_ref();
        progress.map_or(0, |progress| {
            progress.cursors.get(&room).copied().unwrap_or(0)
        })
    }

    pub(super) fn kept(&self, room: RoomId) -> Seq {
        let progress = self.progress.as_ref();
        progress.map_or(0, |progress| progress.kept.get(&room).copied().unwrap_or(0))
    }

    /// Notes that retention has left a room's entries from `kept_from` on, if that is news.
    fn forget(&mut self, room: &Arc<RoomInfo>, kept_from: Seq) {
        if kept_from <= self.kept(room.id).max(1) {
            return;
        }
        let progress = self.progress.get_or_insert_default();
        let from = progress.kept.insert(room.id, kept_from).unwrap_or(0);
        self.batch.add(Step::Forgotten {
            room: room_shown_to(room, F::SEES),
            from,
            kept_from,
        });
    }

    /// Adds a page that ends at `to`, and writes if that is enough for one write.
    async fn add(
        &mut self,
        room: Arc<RoomInfo>,
        entries: Vec<Followed>,
        to: Seq,
    ) -> anyhow::Result<()> {
        let progress = self.progress.get_or_insert_default();
        let from = progress.cursors.insert(room.id, to).unwrap_or(0);
        let page = Page {
            room,
            entries,
            from,
            to,
        };
        self.batch.add(Step::Page(page.shown_to(F::SEES)));
        self.write_if_full().await
    }

    pub(super) async fn write_if_full(&mut self) -> anyhow::Result<()> {
        if self.batch.is_full() {
            self.write().await?;
        }
        Ok(())
    }

    /// Carries out all steps: first outside the database, then in one transaction.
    async fn write(&mut self) -> anyhow::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.batch.attempted();
        for page in self.batch.pages() {
            let acted = timeout(ACT_WITHIN, self.follower.act(page, &self.cx)).await;
            let acted = acted.context("acting took longer than 30 s").flatten();
            acted.with_context(|| page.place())?;
        }
        #[cfg(feature = "testing")]
        self.cx.faults().before_a_page();
        let figures = self.batch.figures();
        let apply = Apply {
            follower: Arc::clone(&self.follower),
            steps: self.batch.take(),
        };
        conflict(self.cx.database().write(apply, WRITE_WITHIN).await?)?;
        self.status.followed(&figures);
        self.batch.succeeded();
        self.has_advanced = true;
        Ok(())
    }
}

pub(super) fn conflict(written: Result<(), CursorConflict>) -> anyhow::Result<()> {
    written.map_err(|CursorConflict| {
        anyhow::anyhow!("the stored cursors are not where these entries begin")
    })
}
