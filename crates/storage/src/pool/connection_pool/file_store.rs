//! What a pool does for a file: it watches that the file is at its path, keeps its log short, and
//! acknowledges nothing more once a write may be lost.

use super::ConnectionPool;
use crate::backend::served_as;
use crate::backend::sqlite::beside;
use crate::health::{DatabaseState, DurabilityLoss, DurabilityLost};
use crate::pool::rescue;
use crate::{Access as _, Connection, Fault, Writer};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl ConnectionPool {
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
    pub(crate) fn check_file(self: &Arc<Self>) -> Result<(), String> {
        let Some(watch) = &self.watch else {
            return Ok(());
        };
        watch.look().inspect_err(|cause| self.file_moved(cause))
    }

    /// A file is open: notes in it by which name, and watches its log from now on. Blocks.
    pub(crate) fn note_file_name(&self) {
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
    fn reserve(&self, bytes: u64) {
        if let Some(watch) = &self.watch {
            watch.reserve(bytes);
        }
    }

    /// Requests a look at the length of the log after the next batch.
    pub(crate) fn request_checkpoint(&self) {
        self.checkpoints.request();
    }

    /// Moves a long log into the file, if it is time to look at it. Called after each batch.
    pub(crate) fn checkpoint_if_due(&self, tx: &mut Writer<'_>) {
        if let Connection::Sqlite(connection) = tx.connection() {
            let batches = self.counters.batches.load(Ordering::Relaxed);
            let reserve = |bytes| self.reserve(bytes);
            if let Err(error) = self.checkpoints.if_due(connection, batches, reserve) {
                self.log_not_moved(&error.into());
            }
        }
    }

    /// Frees the log's space after a batch found the disk full.
    pub(crate) fn make_room(&self, tx: &mut Writer<'_>) {
        if let Connection::Sqlite(connection) = tx.connection()
            && let Err(error) = self.checkpoints.make_room(connection)
        {
            self.log_not_moved(&error.into());
        }
    }

    /// Handles a failed move of the log: the log is as good as before, unless a sync of the file has
    /// failed.
    pub(super) fn log_not_moved(&self, fault: &Fault) {
        if fault.is_io_error() {
            self.spoil(fault);
        } else {
            tracing::warn!(
                database = %self.name, %fault,
                "could not move the log into the database file; will try again"
            );
        }
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
    fn file_moved(self: &Arc<Self>, cause: &str) {
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
            .set_unwell(DatabaseState::Lost, cause.to_owned());
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
