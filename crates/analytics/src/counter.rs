//! The counter: a task that takes entries from the inbox, reads missed ones from the logs, and
//! writes counts and cursors together.
//!
//! After any failure it drops its in-memory state, reads its cursors again and scans every room. It
//! reads one page at a time, to leave the connections to chat.

use crate::Deps;
use crate::counts::Counts;
use crate::inbox::{PendingWork, RoomUpdate};
use crate::jobs::{AddCounts, CursorConflict, Reset};
use crate::report;
use crate::store;
use anyhow::Context as _;
use bus::{Backoff, Bus, Tasks};
use rooms::api::{Heads, LogPage, ReadLog, Refusal, RoomHead, RoomId, RoomKey, Seq};
use std::collections::HashMap;
use std::time::Duration;
use storage::DatabaseState;
use tokio::time::{Instant, sleep};

/// How long to collect entries before counting them.
const BATCH_WINDOW: Duration = Duration::from_millis(200);

/// How often every room is scanned, in case another node's last event was lost.
const RESCAN_EVERY: Duration = Duration::from_secs(300);

/// How often the metrics are reported while nothing happens, since their time window moves.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// The shortest time between two reports.
const REPORT_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// The first and the longest pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The time limit of a request or a write.
const WITHIN: Duration = Duration::from_secs(10);

/// The most entries and bytes per page, rooms per page of heads, and entries per write.
const PAGE_ENTRIES: usize = 500;
const PAGE_BYTES: usize = 256 * 1024;
const PAGE_ROOMS: usize = 1_000;
const WRITE_ENTRIES: usize = 5_000;

/// The state of the counter's task.
pub(crate) struct Counter {
    deps: Deps,
    bus: Bus,
    /// How far each log has been counted, if loaded.
    cursors: Option<HashMap<RoomId, Seq>>,
    counts: Counts,
    rescanned_at: Instant,
    reported_at: Instant,
    /// Whether counts have been written since the last report.
    report_outdated: bool,
}

impl Counter {
    pub(crate) fn new(deps: Deps, bus: Bus) -> Self {
        Self {
            deps,
            bus,
            cursors: None,
            counts: Counts::default(),
            rescanned_at: Instant::now(),
            reported_at: Instant::now(),
            report_outdated: true,
        }
    }

    /// Counts until it is cancelled.
    pub(crate) async fn run(mut self, tasks: Tasks) -> anyhow::Result<()> {
        self.deps.inbox.request_rescan();
        let mut backoff = Backoff::between(PAUSE_MIN, PAUSE_MAX);
        loop {
            let report_due = if self.report_outdated {
                REPORT_INTERVAL_MIN
            } else {
                REPORT_EVERY
            };
            // A time-out only means that a report is due.
            let _ = tokio::time::timeout(report_due, self.deps.inbox.changed()).await;
            sleep(BATCH_WINDOW).await;
            match self.round().await {
                Ok(()) => {
                    backoff.reset();
                    self.deps.operator_view.clear_error();
                }
                Err(error) => {
                    self.start_over();
                    let opening = self.deps.database.state() == DatabaseState::Connecting;
                    if !opening && !tasks.stopping().is_cancelled() {
                        self.deps.operator_view.set_error(&error);
                    }
                    sleep(backoff.pause()).await;
                    self.deps.inbox.request_rescan();
                }
            }
        }
    }

    /// Drops everything not yet written, except the latencies, which cannot be read again.
    fn start_over(&mut self) {
        self.cursors = None;
        let Counts { latencies, .. } = std::mem::take(&mut self.counts);
        self.deps.inbox.return_latencies(latencies);
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let PendingWork {
            rooms,
            latencies,
            rescan,
            ..
        } = self.deps.inbox.take();
        self.counts.latencies.merge(latencies);
        if rescan || self.rescanned_at.elapsed() >= RESCAN_EVERY {
            self.load().await?;
            self.rescan_all().await?;
            self.rescanned_at = Instant::now();
        }
        for (room, update) in rooms {
            self.catch_up(room, update).await?;
        }
        self.write().await?;
        let since = self.reported_at.elapsed();
        if since >= REPORT_EVERY || (self.report_outdated && since >= REPORT_INTERVAL_MIN) {
            self.deps
                .operator_view
                .set_metrics(report::read(&self.deps).await?);
            (self.reported_at, self.report_outdated) = (Instant::now(), false);
        }
        Ok(())
    }

    /// Loads the cursors; starts from the beginning if the logs belong to another store.
    async fn load(&mut self) -> anyhow::Result<()> {
        let read = self.deps.database.read("analytics.progress", |reader| {
            Box::pin(store::progress(reader))
        });
        let (source, cursors) = read.await?;
        let epoch = (self.deps.source)();
        if source.as_ref() == Some(&epoch) {
            self.cursors = Some(cursors);
            return Ok(());
        }
        if source.is_some() {
            tracing::warn!("the logs belong to another store: counting from the beginning");
        }
        self.reset(epoch).await
    }

    async fn reset(&mut self, epoch: String) -> anyhow::Result<()> {
        let latencies = std::mem::take(&mut self.counts).latencies;
        self.counts.latencies = latencies;
        let written = self.deps.database.write(Reset { epoch }, WITHIN).await?;
        written.expect("the job never refuses");
        self.cursors = Some(HashMap::new());
        Ok(())
    }

    /// Counts every room up to its head.
    async fn rescan_all(&mut self) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let limit = PAGE_ROOMS;
            let heads = self.bus.ask(Heads { after, limit }, WITHIN).await;
            let heads = heads
                .context("reading the heads of all rooms")?
                .map_err(|refusal| refused(&refusal))?;
            let Some(last) = heads.last() else {
                return Ok(());
            };
            after = Some(last.room);
            for RoomHead {
                room, key, head, ..
            } in heads
            {
                if head < self.cursor(room) {
                    tracing::warn!(
                        "a log is shorter than the part already counted: counting from the beginning"
                    );
                    self.reset((self.deps.source)()).await?;
                    anyhow::bail!("a log got shorter, counting from the beginning");
                }
                self.catch_up(room, RoomUpdate::of(key, head)).await?;
            }
        }
    }

    /// Counts a room up to its head; reads the entries that the update does not hold.
    async fn catch_up(&mut self, room: RoomId, update: RoomUpdate) -> anyhow::Result<()> {
        let RoomUpdate { key, head, entries } = update;
        let known_from = entries.first().map_or(head + 1, |first| first.seq);
        while self.cursor(room) + 1 < known_from {
            let (from, upto) = (self.cursor(room), known_from - 1);
            let page = self.page(&key, from, upto).await?;
            let to = match page.entries.last() {
                Some(last) if !page.complete => last.seq,
                _ => upto.min(page.head),
            };
            anyhow::ensure!(to > from, "a log ends before its head");
            for entry in &page.entries {
                self.counts.add(entry);
            }
            self.advance(room, &key, to).await?;
        }
        let from = self.cursor(room);
        for entry in entries.iter().filter(|entry| entry.seq > from) {
            self.counts.add(entry);
        }
        if head > from && !entries.is_empty() {
            self.advance(room, &key, head).await?;
        }
        Ok(())
    }

    async fn page(&self, key: &RoomKey, after: Seq, upto: Seq) -> anyhow::Result<LogPage> {
        let page = ReadLog {
            reader: None,
            room: key.clone(),
            after: Some(after),
            upto: Some(upto),
            limit: PAGE_ENTRIES,
            bytes: PAGE_BYTES,
        };
        let page = self.bus.ask(page, WITHIN).await;
        page.context("reading a log")?
            .map_err(|refusal| refused(&refusal))
    }

    fn cursor(&self, room: RoomId) -> Seq {
        let cursors = self.cursors.as_ref();
        cursors
            .and_then(|cursors| cursors.get(&room).copied())
            .unwrap_or(0)
    }

    async fn advance(&mut self, room: RoomId, key: &RoomKey, to: Seq) -> anyhow::Result<()> {
        let cursors = self.cursors.get_or_insert_default();
        let from = cursors.insert(room, to).unwrap_or(0);
        self.counts.move_cursor(room, key, from, to);
        if self.counts.entries() >= WRITE_ENTRIES {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> anyhow::Result<()> {
        if self.counts.is_empty() {
            return Ok(());
        }
        // After a failure all is read again, except the latencies, which may have been written.
        let counts = std::mem::take(&mut self.counts);
        self.report_outdated = true;
        let counted = self.deps.database.write(AddCounts(counts), WITHIN).await?;
        counted.map_err(|CursorConflict| {
            anyhow::anyhow!("the stored cursors are not where these counts begin")
        })
    }
}

/// Reports a refusal as an error: the server's own reads must not be refused.
fn refused(refusal: &Refusal) -> anyhow::Error {
    anyhow::anyhow!("refused: {refusal:?}")
}
