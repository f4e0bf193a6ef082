//! The counter: a task that takes what the subscriber heard, reads from the logs what it did not
//! hear, and writes counts and cursors together.
//!
//! Whatever goes wrong, it forgets what it thinks it knows, reads its cursors again and looks at
//! every room. It reads one page at a time, so that chat keeps its connections.

use crate::Deps;
use crate::counts::Counts;
use crate::desk::{Heard, Inbox};
use crate::jobs::{Count, Forget, Stale};
use crate::report;
use crate::store;
use anyhow::Context as _;
use bus::{Bus, Tasks};
use rooms::api::{Heads, LogPage, ReadLog, Refusal, RoomId, RoomKey, Seq};
use std::collections::HashMap;
use std::time::Duration;
use storage::DatabaseState;
use tokio::time::{Instant, sleep};

/// What comes within this time is counted together.
const GATHER: Duration = Duration::from_millis(200);

/// How often every room is looked at, whatever was heard: another node's last word may have been
/// lost on its way.
const LOOK_AROUND: Duration = Duration::from_secs(300);

/// How old the metrics on the operator's page may be while nothing happens: the day goes on.
const SHOW_EVERY: Duration = Duration::from_secs(30);

/// The least time between two pages, however much happens.
const SHOW_AFTER: Duration = Duration::from_secs(1);

/// First pause after a failure; doubled up to [`PAUSE_MAX`], each with jitter.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How long one question or one write may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Entries and bytes of one page, rooms of one page of heads, entries of one write.
const PAGE_ENTRIES: usize = 500;
const PAGE_BYTES: usize = 256 * 1024;
const PAGE_ROOMS: usize = 1_000;
const WRITE_ENTRIES: usize = 5_000;

pub(crate) struct Counter {
    deps: Deps,
    bus: Bus,
    /// As far as it is known, how far each log has been counted.
    cursors: Option<HashMap<RoomId, Seq>>,
    counts: Counts,
    looked_around: Instant,
    shown: Instant,
    /// There are metrics that the operator's page does not have.
    unshown: bool,
}

impl Counter {
    pub(crate) fn new(deps: Deps, bus: Bus) -> Self {
        Self {
            deps,
            bus,
            cursors: None,
            counts: Counts::default(),
            looked_around: Instant::now(),
            shown: Instant::now(),
            unshown: true,
        }
    }

    /// Counts until it is cancelled.
    pub(crate) async fn run(mut self, tasks: Tasks) -> anyhow::Result<()> {
        self.deps.desk.look_at_everything();
        let mut pause = PAUSE_MIN;
        loop {
            let at_the_latest = if self.unshown { SHOW_AFTER } else { SHOW_EVERY };
            // Rung or not, it is time to look.
            let _ = tokio::time::timeout(at_the_latest, self.deps.desk.rung()).await;
            sleep(GATHER).await;
            match self.round().await {
                Ok(()) => {
                    pause = PAUSE_MIN;
                    self.deps.operator_view.is_well();
                }
                Err(error) => {
                    self.start_over();
                    let opening = self.deps.database.state() == DatabaseState::Connecting;
                    if !opening && !tasks.stopping().is_cancelled() {
                        self.deps.operator_view.is_ill(&error);
                    }
                    sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                    self.deps.desk.look_at_everything();
                }
            }
        }
    }

    /// Nothing that was not written counts.
    fn start_over(&mut self) {
        self.cursors = None;
        let Counts { latencies, .. } = std::mem::take(&mut self.counts);
        self.deps.desk.give_back(latencies);
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        let Inbox {
            rooms,
            latencies,
            everything,
            ..
        } = self.deps.desk.take();
        self.counts.latencies.merge(latencies);
        if everything || self.looked_around.elapsed() >= LOOK_AROUND {
            self.load().await?;
            self.look_around().await?;
            self.looked_around = Instant::now();
        }
        for (room, heard) in rooms {
            self.follow(room, heard).await?;
        }
        self.write().await?;
        let since = self.shown.elapsed();
        if since >= SHOW_EVERY || (self.unshown && since >= SHOW_AFTER) {
            self.deps
                .operator_view
                .show(report::read(&self.deps).await?);
            (self.shown, self.unshown) = (Instant::now(), false);
        }
        Ok(())
    }

    /// Reads how far it came; with the logs of another store it begins from nothing.
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
            tracing::warn!("the logs are those of another store, counting from the beginning");
        }
        self.forget(epoch).await
    }

    async fn forget(&mut self, epoch: String) -> anyhow::Result<()> {
        let latencies = std::mem::take(&mut self.counts).latencies;
        self.counts.latencies = latencies;
        let forgotten = self.deps.database.write(Forget { epoch }, WITHIN).await?;
        forgotten.expect("it declines nothing");
        self.cursors = Some(HashMap::new());
        Ok(())
    }

    /// Brings every room up to its head.
    async fn look_around(&mut self) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let limit = PAGE_ROOMS;
            let heads = self.bus.ask(Heads { after, limit }, WITHIN).await;
            let heads = heads
                .context("asking for all rooms")?
                .map_err(|refusal| refused(&refusal))?;
            let Some((last, ..)) = heads.last() else {
                return Ok(());
            };
            after = Some(*last);
            for (room, key, head) in heads {
                if head < self.cursor(room) {
                    tracing::warn!("a log is shorter than what was counted of it: counting anew");
                    self.forget((self.deps.source)()).await?;
                    anyhow::bail!("counting from the beginning");
                }
                self.follow(room, Heard::of(key, head)).await?;
            }
        }
    }

    /// Counts one room up to its head: what was not heard is read.
    async fn follow(&mut self, room: RoomId, heard: Heard) -> anyhow::Result<()> {
        let Heard { key, head, entries } = heard;
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
        self.counts.moved(room, key, from, to);
        if self.counts.entries() >= WRITE_ENTRIES {
            self.write().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> anyhow::Result<()> {
        if self.counts.is_empty() {
            return Ok(());
        }
        // What fails is read again, but for the latencies: nobody knows whether they were written.
        let counts = std::mem::take(&mut self.counts);
        self.unshown = true;
        let counted = self.deps.database.write(Count(counts), WITHIN).await?;
        counted.map_err(|Stale| anyhow::anyhow!("the cursors are not where they were"))
    }
}

/// The server's own reads are refused only by mistake.
fn refused(refusal: &Refusal) -> anyhow::Error {
    anyhow::anyhow!("refused: {refusal:?}")
}
