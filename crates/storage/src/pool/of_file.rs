//! What a pool does for a file: it watches that the file is at its path, keeps its log short, and
//! acknowledges nothing more once a write may be lost.

use super::Pool;
use crate::backup::beside;
use crate::checkpoint::Pace;
use crate::durability::{DurabilityLoss, DurabilityLost};
use crate::state::DatabaseState;
use crate::{rescue, served_as};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Pool {
    /// From now on no connection is lent: what the operating system said of a write is not to be
    /// trusted. If the database is critical, raises the alarm; the process ends.
    pub(crate) fn spoil(&self, cause: &dyn Display) {
        let cause = format!("what was written may be lost: {cause}");
        if self.refuse_all(&cause) {
            self.raise(cause, DurabilityLoss::FailedWrite);
        }
    }

    /// Fails when the file that is served is not at its path any more; nothing more is acknowledged
    /// then. Blocks for as long as three `stat` take.
    pub(crate) fn look_at_file(self: &Arc<Self>) -> Result<(), String> {
        let Some(watch) = &self.watch else {
            return Ok(());
        };
        watch.look().inspect_err(|cause| self.file_is_moved(cause))
    }

    /// A file is open: notes in it by which name, and watches its log from now on. Blocks.
    pub(crate) fn serves(&self) {
        let (Some(watch), Some(links)) = (&self.watch, self.locked_links().clone()) else {
            return;
        };
        watch.log_is_there();
        let store = watch.store().to_owned();
        let noted = links.on_a_file(move |connection| served_as::note(connection, &store));
        // On a full disk it serves all the same.
        if let Err(fault) = noted {
            tracing::warn!(database = %self.name, %fault, "the name of the file could not be noted in it");
        }
    }

    /// Keeps room on the disk for a file of so many bytes.
    pub(crate) fn reserve(&self, bytes: u64) {
        if let Some(watch) = &self.watch {
            watch.reserve(bytes);
        }
    }

    /// When a file's log was last cut.
    pub(crate) fn checkpoints(&self) -> &Pace {
        &self.checkpoints
    }

    /// How long the log of a file is; 0 for a server's, which is its own affair.
    pub(crate) fn log_bytes(&self) -> u64 {
        let log = self
            .watch
            .as_ref()
            .map(|watch| beside(watch.store(), "-wal"));
        log.and_then(|log| std::fs::metadata(log).ok())
            .map_or(0, |log| log.len())
    }

    /// True when no connection is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty.load(Ordering::Acquire)
    }

    /// Refuses everyone, saves what was acknowledged so far, and then raises the alarm.
    fn file_is_moved(self: &Arc<Self>, cause: &str) {
        if !self.refuse_all(cause) {
            return;
        }
        let (pool, cause) = (Arc::clone(self), cause.to_owned());
        // Nobody waits for it: the alarm follows.
        tokio::task::spawn_blocking(move || {
            if let (Some(links), Some(watch)) = (pool.locked_links().clone(), &pool.watch) {
                rescue::rescue(&links, watch, &pool.name);
            }
            pool.raise(cause, DurabilityLoss::FileMoved);
        });
    }

    /// False: that is so already.
    fn refuse_all(&self, cause: &str) -> bool {
        if self.spoiled.set(cause.to_owned()).is_err() {
            return false;
        }
        self.state_tracker
            .is_ill(DatabaseState::Lost, cause.to_owned());
        tracing::error!(database = %self.name, %cause, "nothing more is acknowledged here");
        true
    }

    fn raise(&self, cause: String, kind: DurabilityLoss) {
        if let Some(alarm) = &self.alarm {
            alarm.raise(DurabilityLost {
                database: self.name.clone(),
                cause,
                kind,
            });
        }
    }
}
