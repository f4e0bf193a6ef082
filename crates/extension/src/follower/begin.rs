//! Where a follower begins: where it was, or anew.

use super::engine::{Engine, WRITE_WITHIN, conflict};
use super::jobs::{Begin, Reset};
use super::progress::{self, Progress};
use super::{Follower, StartFrom};
use std::sync::Arc;
use std::time::Duration;

/// How long after another store was found an event of the old one may still arrive. A lane publishes
/// what it committed at once.
const DISTRUST: Duration = Duration::from_secs(60);

impl<F: Follower> Engine<F> {
    /// Loads how far it is; begins again if the rooms belong to another store, or if the operator wants that.
    pub(super) async fn load(&mut self) -> anyhow::Result<()> {
        let progress = progress::read(self.cx.database()).await?;
        let epoch = self.reader.epoch();
        if self.inbox.wants_rebuild() {
            let extension = self.cx.name();
            tracing::warn!(
                extension,
                "the follower begins again, as the operator wants"
            );
            self.begin_again(epoch).await?;
            self.inbox.rebuild_begun();
            return Ok(());
        }
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
            self.inbox.distrust(DISTRUST);
        }
        self.begin_again(epoch).await
    }

    /// Begins again since a log ends before what was followed of it, though no other store was noticed.
    pub(super) async fn begin_after_loss(&mut self) -> anyhow::Result<()> {
        let extension = self.cx.name();
        tracing::warn!(
            extension,
            "a log is shorter than the part already followed: the follower begins again"
        );
        self.inbox.distrust(DISTRUST);
        self.begin_again(self.reader.epoch()).await
    }

    async fn begin_again(&mut self, epoch: String) -> anyhow::Result<()> {
        self.start_over();
        let follower = Arc::clone(&self.follower);
        let source = (F::FROM == StartFrom::Beginning).then(|| epoch.clone());
        let reset = Reset {
            follower,
            epoch: source,
        };
        let Ok(()) = self.cx.database().write(reset, WRITE_WITHIN).await?;
        let mut progress = match F::FROM {
            StartFrom::Beginning => Progress::default(),
            StartFrom::Now => self.begin_now(&epoch).await?,
        };
        progress.source = Some(epoch);
        self.progress = Some(progress);
        Ok(())
    }

    /// Leaves out what every room has so far. If that is interrupted, it begins again.
    async fn begin_now(&self, epoch: &str) -> anyhow::Result<Progress> {
        let (mut progress, mut after) = (Progress::default(), None);
        loop {
            let mut heads = self.reader.heads(after).await?;
            after = heads.last().map(|last| last.room);
            heads.retain(|head| head.head > 0);
            for head in &heads {
                progress.cursors.insert(head.room, head.head);
                if head.kept_from > 1 {
                    progress.kept.insert(head.room, head.kept_from);
                }
            }
            let begin = Begin {
                heads,
                epoch: after.is_none().then(|| epoch.to_owned()),
            };
            conflict(self.cx.database().write(begin, WRITE_WITHIN).await?)?;
            if after.is_none() {
                return Ok(progress);
            }
        }
    }
}
