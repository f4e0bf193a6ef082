//! The engine of a follower: a task that takes what the feed heard, reads what it missed from the
//! logs, and carries it out.
//!
//! After any failure it drops what it has in memory, reads its cursors again and looks at every
//! room. All followers together read one page at a time, to leave the connections to chat.

use super::jobs::{Apply, Begin, CursorConflict, Reset, Step};
use super::progress::{self, Progress};
use super::{Followed, Follower, FollowerStatus, From, Inbox, Page};
use crate::Cx;
use crate::follower::inbox::RoomUpdate;
use anyhow::Context as _;
use bus::{Backoff, Tasks};
use rooms::api::{
    FollowLog, FollowedPage, Heads, Refusal, RoomHead, RoomId, RoomInfo, RoomKey, Seq,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use storage::DatabaseState;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

/// How long to collect entries before they are carried out.
const BATCH_WINDOW: Duration = Duration::from_millis(200);

/// How often every room is looked at, in case another node's last event was lost.
const RESCAN_EVERY: Duration = Duration::from_secs(300);

/// The first and the longest pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The time limit of a request or a write, and of one call of [`Follower::act`].
const WITHIN: Duration = Duration::from_secs(10);
const ACT_WITHIN: Duration = Duration::from_secs(30);

/// The most entries and bytes per page, rooms per page of heads, and entries per write.
const PAGE_ENTRIES: usize = 500;
const PAGE_BYTES: usize = 256 * 1024;
const PAGE_ROOMS: usize = 1_000;
const WRITE_ENTRIES: usize = 5_000;

/// Where the entries come from; shared by all followers.
#[derive(Clone)]
pub(crate) struct Source {
    /// Returns the epoch of the store that the rooms belong to.
    pub(crate) epoch: Arc<dyn Fn() -> String + Send + Sync>,
    /// One page of all followers is read at a time.
    pub(crate) reading: Arc<Semaphore>,
}

/// The state of a follower's task.
pub(crate) struct Engine<F> {
    follower: Arc<F>,
    cx: Cx,
    source: Source,
    inbox: Arc<Inbox>,
    status: Arc<FollowerStatus>,
    /// How far it is, if loaded.
    progress: Option<Progress>,
    /// What is read and not carried out yet, and how many entries that is.
    steps: Vec<Step>,
    entries: usize,
    rescanned_at: Instant,
}

impl<F: Follower> Engine<F> {
    pub(crate) fn new(
        (follower, cx): (Arc<F>, Cx),
        source: Source,
        inbox: Arc<Inbox>,
        status: Arc<FollowerStatus>,
    ) -> Self {
        Self {
            follower,
            cx,
            source,
            inbox,
            status,
            progress: None,
            steps: Vec::new(),
            entries: 0,
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
            match self.round().await {
                Ok(()) => {
                    backoff.reset();
                    self.status.waiting(0);
                    self.status.succeeded();
                }
                Err(error) => {
                    self.start_over();
                    let opening = self.cx.database().state() == DatabaseState::Connecting;
                    if !opening && !tasks.stopping().is_cancelled() {
                        self.status.failed(&error);
                    }
                    sleep(backoff.pause()).await;
                    self.inbox.request_rescan();
                }
            }
        }
    }

    /// Drops everything not yet written.
    fn start_over(&mut self) {
        self.progress = None;
        self.steps.clear();
        self.entries = 0;
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let rescan = self.inbox.take_rescan();
        let scans =
            rescan || self.progress.is_none() || self.rescanned_at.elapsed() >= RESCAN_EVERY;
        if scans {
            self.load().await?;
        }
        // Only now, so that what was heard is not lost while the database is away.
        let rooms = self.inbox.take();
        if scans {
            self.rescan_all(&rooms).await?;
            self.rescanned_at = Instant::now();
        }
        let behind = rooms.values().map(|update| self.behind(update)).sum();
        self.status.waiting(behind);
        for update in rooms.into_values() {
            self.catch_up(update).await?;
        }
        self.write().await
    }

    /// Returns how many entries of a room wait.
    fn behind(&self, update: &RoomUpdate) -> Seq {
        (update.head - self.cursor(update.room.id)).max(0)
    }

    /// Loads how far it is; begins again if the rooms belong to another store.
    async fn load(&mut self) -> anyhow::Result<()> {
        let read = self.cx.database().read("extension.progress", |reader| {
            Box::pin(progress::read(reader))
        });
        let progress = read.await?;
        let epoch = (self.source.epoch)();
        if progress.source.as_ref() == Some(&epoch) {
            self.progress = Some(progress);
            return Ok(());
        }
        if progress.source.is_some() {
            let extension = self.cx.name();
            tracing::warn!(
                extension,
                "the rooms belong to another store: the follower begins again"
            );
        }
        self.begin_again(epoch).await
    }

    async fn begin_again(&mut self, epoch: String) -> anyhow::Result<()> {
        self.start_over();
        let follower = Arc::clone(&self.follower);
        let source = (F::FROM == From::Beginning).then(|| epoch.clone());
        let reset = Reset {
            follower,
            epoch: source,
        };
        let Ok(()) = self.cx.database().write(reset, WITHIN).await?;
        let cursors = match F::FROM {
            From::Beginning => HashMap::new(),
            From::Now => self.begin_now(&epoch).await?,
        };
        self.progress = Some(Progress {
            source: Some(epoch),
            cursors,
            kept: HashMap::new(),
        });
        Ok(())
    }

    /// Sets the cursor of every room to its head. If that is interrupted, it begins again.
    async fn begin_now(&self, epoch: &str) -> anyhow::Result<HashMap<RoomId, Seq>> {
        let (mut cursors, mut after) = (HashMap::new(), None);
        loop {
            let heads = self.heads(after).await?;
            after = heads.last().map(|last| last.room);
            let rows = heads.into_iter().filter(|head| head.head > 0);
            let heads: Vec<_> = rows.map(|row| (row.room, row.key, row.head)).collect();
            cursors.extend(heads.iter().map(|(room, _, head)| (*room, *head)));
            let begin = Begin {
                heads,
                epoch: after.is_none().then(|| epoch.to_owned()),
            };
            conflict(self.cx.database().write(begin, WITHIN).await?)?;
            if after.is_none() {
                return Ok(cursors);
            }
        }
    }

    /// Follows every room up to its head, except those of which something new was heard: they follow.
    async fn rescan_all(&mut self, heard: &BTreeMap<RoomId, RoomUpdate>) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let heads = self.heads(after).await?;
            let Some(last) = heads.last() else {
                return Ok(());
            };
            after = Some(last.room);
            let waiting = |head: &RoomHead| (head.head - self.cursor(head.room)).max(0);
            self.status.waiting(heads.iter().map(waiting).sum());
            for head in heads {
                if !heard.contains_key(&head.room) {
                    self.look_at(head).await?;
                }
            }
        }
    }

    async fn look_at(&mut self, head: RoomHead) -> anyhow::Result<()> {
        let cursor = self.cursor(head.room);
        if head.head < cursor {
            let extension = self.cx.name();
            tracing::warn!(
                extension,
                "a log is shorter than the part already followed: the follower begins again"
            );
            self.begin_again((self.source.epoch)()).await?;
            anyhow::bail!("a log got shorter, the follower begins again");
        }
        if head.head > cursor || head.kept_from > self.kept(head.room).max(1) {
            self.read_up_to((head.room, &head.key), head.head).await?;
        }
        Ok(())
    }

    async fn heads(&self, after: Option<RoomId>) -> anyhow::Result<Vec<RoomHead>> {
        let heads = Heads {
            after,
            limit: PAGE_ROOMS,
        };
        let heads = self.cx.bus().ask(heads, WITHIN).await;
        heads
            .context("reading the heads of all rooms")?
            .map_err(|refusal| refused(&refusal))
    }

    /// Follows a room up to its head; reads the entries that the update does not hold.
    async fn catch_up(&mut self, update: RoomUpdate) -> anyhow::Result<()> {
        let RoomUpdate {
            room,
            head,
            kept_from,
            entries,
        } = update;
        if kept_from > 0 {
            self.forget(&room, kept_from);
        }
        let known_from = entries.first().map_or(head + 1, |first| first.seq);
        if self.cursor(room.id) + 1 < known_from {
            self.read_up_to((room.id, &room.key), known_from - 1)
                .await?;
        }
        let from = self.cursor(room.id);
        let new: Vec<Followed> = entries
            .into_iter()
            .filter(|entry| entry.seq > from)
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        self.add(room, new, head).await
    }

    /// Reads a room's log from the cursor up to `upto`.
    async fn read_up_to(
        &mut self,
        (room, key): (RoomId, &RoomKey),
        upto: Seq,
    ) -> anyhow::Result<()> {
        loop {
            let cursor = self.cursor(room);
            let page = self.page(key, cursor).await?;
            self.forget(&page.room, page.kept_from);
            let to = match page.entries.last() {
                Some(last) if !page.complete => last.seq,
                _ => page.head,
            };
            let to = to.min(upto);
            if to > cursor {
                let read = page.entries.into_iter().filter(|entry| entry.seq <= to);
                let read = read.map(|entry| Followed {
                    entry,
                    heard_at: None,
                });
                self.add(page.room, read.collect(), to).await?;
            }
            if self.cursor(room) >= upto {
                return Ok(());
            }
            anyhow::ensure!(to > cursor, "the log of a room ends before its head");
        }
    }

    async fn page(&self, key: &RoomKey, after: Seq) -> anyhow::Result<FollowedPage> {
        let request = FollowLog {
            room: key.clone(),
            after,
            limit: PAGE_ENTRIES,
            bytes: PAGE_BYTES,
        };
        let reading = self.source.reading.acquire().await;
        let page = self.cx.bus().ask(request, WITHIN).await;
        drop(reading);
        let page = page
            .context("reading a log")?
            .map_err(|refusal| refused(&refusal))?;
        let followed = self
            .progress
            .as_ref()
            .and_then(|progress| progress.source.as_ref());
        anyhow::ensure!(
            followed == Some(&page.epoch),
            "the rooms belong to another store since a moment ago"
        );
        Ok(page)
    }

    fn cursor(&self, room: RoomId) -> Seq {
        let progress = self.progress.as_ref();
        progress.map_or(0, |progress| {
            progress.cursors.get(&room).copied().unwrap_or(0)
        })
    }

    fn kept(&self, room: RoomId) -> Seq {
        let progress = self.progress.as_ref();
        progress.map_or(0, |progress| progress.kept.get(&room).copied().unwrap_or(0))
    }

    /// Notes that retention has left a room's entries from `kept_from` on.
    fn forget(&mut self, room: &Arc<RoomInfo>, kept_from: Seq) {
        if kept_from <= self.kept(room.id).max(1) {
            return;
        }
        if let Some(progress) = &mut self.progress {
            progress.kept.insert(room.id, kept_from);
        }
        self.steps.push(Step::Forgotten {
            room: Arc::clone(room),
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
        self.entries += entries.len();
        let page = Page {
            room,
            entries,
            from,
            to,
        };
        self.steps.push(Step::Page(page.shown_to(F::SEES)));
        if self.entries >= WRITE_ENTRIES {
            self.write().await?;
        }
        Ok(())
    }

    /// Carries out all steps: first outside the database, then in one transaction.
    async fn write(&mut self) -> anyhow::Result<()> {
        if self.steps.is_empty() {
            return Ok(());
        }
        for step in &self.steps {
            if let Step::Page(page) = step {
                let acted = timeout(ACT_WITHIN, self.follower.act(page, &self.cx)).await;
                acted.context("acting on a page took longer than 30 s")??;
            }
        }
        #[cfg(feature = "testing")]
        self.cx.faults().before_a_page();
        let apply = Apply {
            follower: Arc::clone(&self.follower),
            steps: std::mem::take(&mut self.steps),
        };
        conflict(self.cx.database().write(apply, WITHIN).await?)?;
        self.status.followed(std::mem::take(&mut self.entries));
        Ok(())
    }
}

fn conflict(written: Result<(), CursorConflict>) -> anyhow::Result<()> {
    written.map_err(|CursorConflict| {
        anyhow::anyhow!("the stored cursors are not where these entries begin")
    })
}

/// Reports a refusal as an error: the server's own reads must not be refused.
fn refused(refusal: &Refusal) -> anyhow::Error {
    anyhow::anyhow!("refused: {refusal:?}")
}
