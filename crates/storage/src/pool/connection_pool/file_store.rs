//! What a pool does for a SQLite file: it watches that the file is at its path, keeps its log
//! short, and stops lending connections once writes may be lost.

use super::ConnectionPool;
use crate::backend::served_as;
use crate::backend::sqlite::beside;
use crate::health::{DatabaseState, DurabilityLossKind, DurabilityLost};
use crate::pool::rescue;
use crate::{Access as _, Connection, Fault, Writer};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl ConnectionPool {
    /// Stops lending connections, since the operating system's reports about writes cannot be
    /// trusted any more. If the database is critical, raises the alarm; the process exits.
    pub(crate) fn writes_may_be_lost(&self, cause: &dyn Display) {
        let cause = format!("what was written may be lost: {cause}");
        if self.stop(&cause) {
            self.raise(cause, DurabilityLossKind::FailedWrite);
        }
    }

    /// Fails if the file is not at its path any more, and stops lending connections then. Costs
    /// three `stat`.
    pub(crate) fn check_file(self: &Arc<Self>) -> Result<(), String> {
        let Some(watch) = &self.watch else {
            return Ok(());
        };
        watch.check().inspect_err(|cause| self.file_moved(cause))
    }

    /// Notes in the open file by which name it is served, and starts to watch its log. Blocks.
    pub(crate) fn note_file_name(&self) {
        let (Some(watch), Some(backend_pool)) = (&self.watch, self.locked_pool().clone()) else {
            return;
        };
        watch.watch_log();
        let store = watch.store().to_owned();
        let noted = backend_pool
            .with_file_connection(move |connection| served_as::note(connection, &store));
        // A file on a full disk is served all the same.
        if let Err(fault) = noted {
            tracing::warn!(database = %self.name, %fault, "could not note the name of the file in it");
        }
    }

    /// Allocates disk space for a file of so many bytes.
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

    /// Handles a failed move of the log: the log is as good as before, unless a sync of the file
    /// has failed.
    pub(super) fn log_not_moved(&self, fault: &Fault) {
        if fault.is_io_error() {
            self.writes_may_be_lost(fault);
        } else {
            tracing::warn!(
                database = %self.name, %fault,
                "could not move the log into the database file"
            );
        }
    }

    /// Returns the length of the file's log in bytes; 0 on PostgreSQL.
    pub(crate) fn log_bytes(&self) -> u64 {
        let log = self
            .watch
            .as_ref()
            .map(|watch| beside(watch.store(), "-wal"));
        log.and_then(|log| std::fs::metadata(log).ok())
            .map_or(0, |log| log.len())
    }

    /// Whether no connection is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty.load(Ordering::Acquire)
    }

    /// Stops lending connections, saves what was acknowledged so far, then raises the alarm.
    fn file_moved(self: &Arc<Self>, cause: &str) {
        if !self.stop(cause) {
            return;
        }
        let (pool, cause) = (Arc::clone(self), cause.to_owned());
        // Not awaited: the alarm follows.
        tokio::task::spawn_blocking(move || {
            if let (Some(backend_pool), Some(watch)) = (pool.locked_pool().clone(), &pool.watch) {
                rescue::rescue(&backend_pool, watch, &pool.name);
            }
            pool.raise(cause, DurabilityLossKind::FileMoved);
        });
    }

    /// Stops lending connections, for this cause. Returns false if that was done before.
    fn stop(&self, cause: &str) -> bool {
        if self.stopped.set(cause.to_owned()).is_err() {
            return false;
        }
        self.state_tracker
            .set_unwell(DatabaseState::Lost, cause.to_owned());
        tracing::error!(database = %self.name, %cause, "stopped serving this database");
        true
    }

    fn raise(&self, cause: String, kind: DurabilityLossKind) {
        if let Some(alarm) = &self.alarm {
            alarm.raise(DurabilityLost {
                database: self.name.clone(),
                cause,
                kind,
            });
        }
    }
}
