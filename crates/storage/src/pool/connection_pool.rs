//! The one pool of a database: bb8 behind the fair gate, and what it suffers from.

mod file_store;

use super::backend_pool::BackendPool;
use super::checkpoint::CheckpointSchedule;
use super::file_watch::FileWatch;
use super::gate::{AcquireRequest, Gate, Permit};
use super::lease::AnyLease;
use super::read_batch::ReadBatch;
use crate::error::RETRY_AFTER;
use crate::health::{Alarm, Counters, DatabaseState, LastError, SharedState, StateTracker, count};
use crate::watermark::PgMark;
use crate::{DatabaseConfig, Fault, StorageError, Url};
use diesel_async::pooled_connection::bb8::RunError;
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A database's connections.
pub(crate) struct ConnectionPool {
    name: String,
    gate: Gate,
    /// Reads of a file that wait; a server's connections need no threads.
    line: Option<Arc<ReadBatch>>,
    links: Mutex<Option<BackendPool>>,
    last_error: Arc<LastError>,
    state_tracker: Arc<StateTracker>,
    counters: Arc<Counters>,
    alarm: Option<Alarm>,
    /// Why no connection's word counts any more.
    spoiled: OnceLock<String>,
    /// Of a file: whether it is still the one at its path.
    watch: Option<Arc<FileWatch>>,
    checkpoints: CheckpointSchedule,
    /// All connections are closed, and none will be opened.
    empty: AtomicBool,
    acquire_timeout: Duration,
}

impl ConnectionPool {
    /// Opens no connection yet; the first lease does.
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
            line: one_writer.then(Arc::default),
            links: Mutex::new(Some(BackendPool::new(
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
            spoiled: OnceLock::new(),
            watch,
            checkpoints: CheckpointSchedule::default(),
            empty: AtomicBool::new(false),
            acquire_timeout: config.acquire_timeout,
        }
    }

    /// How long callers wait for a connection.
    pub(crate) fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// Borrows a connection, in turn, within the acquire time. Cancel-safe.
    pub(crate) async fn lease(&self, request: AcquireRequest) -> Result<AnyLease, StorageError> {
        let began = Instant::now();
        let lease = self.lease_by(request, began + self.acquire_timeout).await;
        match &lease {
            Ok(_) => self.counters.acquired(began),
            Err(error) => self.not_acquired(error),
        }
        lease
    }

    /// Counts one who got no connection.
    pub(crate) fn not_acquired(&self, error: &StorageError) {
        if !matches!(error, StorageError::Closed { .. }) {
            count(&self.counters.timeouts);
        }
    }

    /// The same by another time, and uncounted. Cancel-safe.
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

    /// A connection for one who has a permit. Cancel-safe.
    pub(crate) async fn borrow(
        &self,
        permit: Permit,
        deadline: Instant,
    ) -> Result<AnyLease, StorageError> {
        let links = self.usable_links()?;
        // With a permit there is a place in the pool: whoever waits now waits for a connection to be
        // made, and bb8 tells why it is not only to its sink.
        match timeout_at(deadline, links.borrow(permit)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(RunError::User(error))) => Err(self.unavailable(&error)),
            Ok(Err(RunError::TimedOut)) | Err(_) => Err(self.unavailable_since()),
        }
    }

    /// Waits until all connections are home, then closes them on a blocking thread: SQLite moves
    /// its log into the file first.
    /// Each may take `within`; false: one took longer.
    pub(crate) async fn close(self: &Arc<Self>, within: Duration) -> bool {
        let home = self.gate.close(within).await;
        self.last_error.refusals().log_the_rest(Duration::ZERO);
        let Some(links) = self.locked_links().take() else {
            return home;
        };
        let pool = Arc::clone(self);
        let closed = tokio::task::spawn_blocking(move || {
            if pool.spoiled.get().is_none()
                && let Err(fault) = links.settle()
            {
                pool.log_not_moved(&fault);
            }
            if pool.spoiled.get().is_some() {
                // Closing would write more and call it safe, and remove a log by its name.
                std::mem::forget(links);
            } else {
                drop(links);
                pool.empty.store(true, Ordering::Release);
            }
        });
        let closed = tokio::time::timeout(within, closed).await.is_ok();
        if !closed {
            tracing::warn!(database = %self.name, "closing the pool takes too long, going on");
        }
        home && closed
    }

    /// Where reads wait that can be carried.
    pub(crate) fn line(&self) -> Option<&Arc<ReadBatch>> {
        self.line.as_ref()
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// All connections, and those of them that nobody uses.
    pub(crate) fn size(&self) -> (u32, u32) {
        let links = self.locked_links().clone();
        links.map_or((0, 0), |links| links.size())
    }

    pub(crate) fn last_error(&self) -> &LastError {
        &self.last_error
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Remembers a transient fault and tells the caller to come again.
    pub(crate) fn unavailable(&self, cause: &dyn Display) -> StorageError {
        self.last_error.note(cause);
        self.unavailable_since()
    }

    /// [`StorageError::Unavailable`] with what is wrong now.
    pub(crate) fn unavailable_since(&self) -> StorageError {
        unavailable(
            &self.name,
            self.last_error
                .now()
                .unwrap_or_else(|| "no time left".into()),
        )
    }

    /// [`StorageError::Unavailable`] for this reason, which is known already.
    pub(crate) fn unavailable_as(&self, cause: String) -> StorageError {
        unavailable(&self.name, cause)
    }

    /// The bus had no credit for a write in time.
    pub(crate) fn overloaded(&self) -> StorageError {
        unavailable(&self.name, "no credit is free".into())
    }

    /// What a failed piece of work tells its caller.
    pub(crate) fn failure(&self, operation: &'static str, fault: Fault) -> StorageError {
        let passes = fault.is_transient() || fault.is_disk_full();
        if passes || fault.is_time_out() || fault.is_no_answer() {
            return self.unavailable(&fault);
        }
        StorageError::Failed { operation, fault }
    }

    /// What callers are told who come while it closes.
    pub(crate) fn closed(&self) -> StorageError {
        not_open(&self.name, &self.state_tracker)
    }

    /// What a caller is told whose turn did not come; the probe finds out what is behind that.
    pub(crate) fn saturated(&self) -> StorageError {
        self.state_tracker.request_probe();
        StorageError::Saturated {
            database: self.name.clone(),
            max: self.gate.max(),
            retry_after: RETRY_AFTER,
        }
    }

    /// What a caller is told who stands in line for as long as one may: why nobody gets a connection
    /// shows in what is wrong now.
    pub(crate) fn no_turn(&self) -> StorageError {
        if self.last_error.now().is_some() {
            return self.unavailable_since();
        }
        self.saturated()
    }

    fn usable_links(&self) -> Result<BackendPool, StorageError> {
        if let Some(cause) = self.spoiled.get() {
            return Err(unavailable(&self.name, cause.clone()));
        }
        self.locked_links().clone().ok_or_else(|| self.closed())
    }

    fn locked_links(&self) -> std::sync::MutexGuard<'_, Option<BackendPool>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What callers are told of a database that is not open: closed for good, or to be open again soon.
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
