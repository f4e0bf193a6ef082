//! The one pool of a database: bb8 behind the fair gate, and its errors.

mod file_store;

use super::backend_pool::BackendPool;
use super::checkpoint::CheckpointSchedule;
use super::file_watch::FileWatch;
use super::gate::{AcquireRequest, Gate, Permit};
use super::lease::AnyLease;
use super::read_queue::ReadQueue;
use crate::error::RETRY_AFTER;
use crate::health::{Alarm, Counters, DatabaseState, LastError, SharedState, StateTracker, count};
use crate::watermark::PgMark;
use crate::{DatabaseConfig, Fault, StorageError, Url};
use diesel_async::pooled_connection::bb8::RunError;
use parking_lot::Mutex;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A database's connections.
pub(crate) struct ConnectionPool {
    name: String,
    gate: Gate,
    /// Queued reads of a file; `None` for a server, whose connections need no threads.
    read_queue: Option<Arc<ReadQueue>>,
    pool: Mutex<Option<BackendPool>>,
    last_error: Arc<LastError>,
    state_tracker: Arc<StateTracker>,
    counters: Arc<Counters>,
    alarm: Option<Alarm>,
    /// Why the pool lends no connection any more; set once.
    stopped: OnceLock<String>,
    /// Watches that the file is still at its path; `None` for a server.
    watch: Option<Arc<FileWatch>>,
    checkpoints: CheckpointSchedule,
    /// Set once all connections are closed and none will be opened.
    empty: AtomicBool,
    acquire_timeout: Duration,
}

impl ConnectionPool {
    /// Returns a pool that opens its first connection with the first lease.
    pub(crate) fn new(
        config: &DatabaseConfig,
        shared: &SharedState,
        watch: Option<Arc<FileWatch>>,
        mark: Option<&Arc<PgMark>>,
    ) -> Self {
        let one_writer = matches!(config.url, Url::Sqlite(_));
        let SharedState {
            store_info,
            last_error,
            state_tracker,
            counters,
            alarm,
        } = shared;
        Self {
            name: config.name.clone(),
            gate: Gate::new(config.pool_max.max(1), one_writer),
            read_queue: one_writer.then(Arc::default),
            pool: Mutex::new(Some(BackendPool::new(
                config,
                store_info,
                last_error,
                watch.as_ref(),
                mark,
            ))),
            last_error: Arc::clone(last_error),
            state_tracker: Arc::clone(state_tracker),
            counters: Arc::clone(counters),
            alarm: config.critical.then(|| alarm.clone()),
            stopped: OnceLock::new(),
            watch,
            checkpoints: CheckpointSchedule::default(),
            empty: AtomicBool::new(false),
            acquire_timeout: config.acquire_timeout,
        }
    }

    /// Longest wait for a connection.
    pub(crate) fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// Borrows a connection, in turn, within the acquire timeout. Cancel-safe.
    pub(crate) async fn lease(&self, request: AcquireRequest) -> Result<AnyLease, StorageError> {
        let began = Instant::now();
        let lease = self.lease_by(request, began + self.acquire_timeout).await;
        match &lease {
            Ok(_) => self.counters.acquired(began),
            Err(error) => self.not_acquired(error),
        }
        lease
    }

    /// Counts a caller that got no connection in time.
    pub(crate) fn not_acquired(&self, error: &StorageError) {
        if !matches!(error, StorageError::Closed { .. }) {
            count(&self.counters.timeouts);
        }
    }

    /// Borrows a connection by this deadline, uncounted. Cancel-safe.
    pub(crate) async fn lease_by(
        &self,
        request: AcquireRequest,
        deadline: Instant,
    ) -> Result<AnyLease, StorageError> {
        let permit = match timeout_at(deadline, self.gate.acquire(request)).await {
            Ok(entered) => entered.map_err(|_| self.closed())?,
            Err(_) => return Err(self.saturated()),
        };
        self.borrow(permit, deadline).await
    }

    /// Borrows a connection for the holder of a permit. Cancel-safe.
    pub(crate) async fn borrow(
        &self,
        permit: Permit,
        deadline: Instant,
    ) -> Result<AnyLease, StorageError> {
        let backend_pool = self.usable_pool()?;
        // A permit reserves a place in the pool, so this waits only for a connection to be opened,
        // and bb8 reports why that fails not only to its sink.
        match timeout_at(deadline, backend_pool.borrow(permit)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(RunError::User(error))) => Err(self.unavailable(&error)),
            Ok(Err(RunError::TimedOut)) | Err(_) => Err(self.unavailable_now()),
        }
    }

    /// Waits until all connections are returned, then closes them on a blocking thread, where
    /// SQLite moves its log into the file first. Each of the two may take `within`; returns false
    /// if one took longer.
    pub(crate) async fn close(self: &Arc<Self>, within: Duration) -> bool {
        let all_returned = self.gate.close(within).await;
        self.last_error.refusals().log_the_rest(Duration::ZERO);
        let Some(backend_pool) = self.locked_pool().take() else {
            return all_returned;
        };
        let pool = Arc::clone(self);
        let closed = tokio::task::spawn_blocking(move || {
            if pool.stopped.get().is_none()
                && let Err(fault) = backend_pool.finish_log()
            {
                pool.log_not_moved(&fault);
            }
            if pool.stopped.get().is_some() {
                // Closing would write more and report it as safe, and remove a log by its name.
                std::mem::forget(backend_pool);
            } else {
                drop(backend_pool);
                pool.empty.store(true, Ordering::Release);
            }
        });
        let closed = tokio::time::timeout(within, closed).await.is_ok();
        if !closed {
            tracing::warn!(database = %self.name, "closing the pool takes too long; going on without it");
        }
        all_returned && closed
    }

    /// Returns the queued reads of a file.
    pub(crate) fn read_queue(&self) -> Option<&Arc<ReadQueue>> {
        self.read_queue.as_ref()
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Returns the number of all connections, and of those that are idle.
    pub(crate) fn size(&self) -> (u32, u32) {
        let backend_pool = self.locked_pool().clone();
        backend_pool.map_or((0, 0), |backend_pool| backend_pool.size())
    }

    pub(crate) fn last_error(&self) -> &LastError {
        &self.last_error
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Notes a transient fault and returns the error that asks the caller to try again.
    pub(crate) fn unavailable(&self, cause: &dyn Display) -> StorageError {
        self.last_error.note(cause);
        self.unavailable_now()
    }

    /// Returns [`StorageError::Unavailable`] with the current error as its cause.
    pub(crate) fn unavailable_now(&self) -> StorageError {
        unavailable(
            &self.name,
            self.last_error.now().unwrap_or_else(|| "timed out".into()),
        )
    }

    /// Returns [`StorageError::Unavailable`] with a cause that was noted already.
    pub(crate) fn unavailable_because(&self, cause: String) -> StorageError {
        unavailable(&self.name, cause)
    }

    /// Returns the error for a write that got no credit from the bus in time.
    pub(crate) fn overloaded(&self) -> StorageError {
        unavailable(&self.name, "the event bus has no free credit".into())
    }

    /// Returns the error for a piece of work that failed with this fault.
    pub(crate) fn failure(&self, operation: &'static str, fault: Fault) -> StorageError {
        let passes = fault.is_transient() || fault.is_disk_full();
        if passes || fault.is_time_out() || fault.is_no_answer() {
            return self.unavailable(&fault);
        }
        StorageError::Failed { operation, fault }
    }

    /// Returns the error for callers that arrive while the pool is closing.
    pub(crate) fn closed(&self) -> StorageError {
        not_open(&self.name, &self.state_tracker)
    }

    /// Returns the error for a caller that got no connection in time, and requests a probe: it
    /// finds out why.
    pub(crate) fn saturated(&self) -> StorageError {
        self.state_tracker.request_probe();
        StorageError::Saturated {
            database: self.name.clone(),
            max: self.gate.max(),
            retry_after: RETRY_AFTER,
        }
    }

    /// Returns the error for a caller that has waited in the queue for as long as it may: the
    /// database's current error, or that the pool is saturated.
    pub(crate) fn not_lent_in_time(&self) -> StorageError {
        if self.last_error.now().is_some() {
            return self.unavailable_now();
        }
        self.saturated()
    }

    fn usable_pool(&self) -> Result<BackendPool, StorageError> {
        if let Some(cause) = self.stopped.get() {
            return Err(unavailable(&self.name, cause.clone()));
        }
        self.locked_pool().clone().ok_or_else(|| self.closed())
    }

    fn locked_pool(&self) -> parking_lot::MutexGuard<'_, Option<BackendPool>> {
        self.pool.lock()
    }
}

/// Returns the error for a database that is not open: closed for good, or soon to be open again.
pub(crate) fn not_open(database: &str, state_tracker: &StateTracker) -> StorageError {
    if state_tracker.state() == DatabaseState::Closed {
        return StorageError::Closed {
            database: database.to_owned(),
        };
    }
    let cause = state_tracker.cause();
    unavailable(
        database,
        cause.unwrap_or_else(|| "it is being opened".into()),
    )
}

fn unavailable(database: &str, cause: String) -> StorageError {
    StorageError::Unavailable {
        database: database.to_owned(),
        cause,
        retry_after: RETRY_AFTER,
    }
}
