//! The one pool of a database: bb8 behind the fair gate, and what it last suffered from.

use crate::gate::{Gate, Purpose};
use crate::links::{AnyLease, Links};
use crate::trouble::Trouble;
use crate::vitals::Vitals;
use crate::{DatabaseConfig, Fault, StorageError, Url};
use diesel_async::pooled_connection::bb8::RunError;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// When a repeat is worth trying after the database was unavailable.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A database's connections.
pub(crate) struct Pool {
    name: String,
    gate: Gate,
    links: Mutex<Option<Links>>,
    trouble: Arc<Trouble>,
    acquire_timeout: Duration,
}

impl Pool {
    /// Opens no connection yet; the first lease does.
    pub(crate) fn new(config: &DatabaseConfig, vitals: &Arc<Vitals>) -> Self {
        let trouble = Arc::new(Trouble::default());
        let one_writer = matches!(config.url, Url::Sqlite(_));
        Self {
            name: config.name.clone(),
            gate: Gate::new(config.pool_max.max(1), one_writer),
            links: Mutex::new(Some(Links::new(config, vitals, &trouble))),
            trouble,
            acquire_timeout: config.acquire_timeout,
        }
    }

    /// Borrows a connection, in turn, within the acquire time. Cancel-safe.
    pub(crate) async fn lease(&self, purpose: Purpose) -> Result<AnyLease, StorageError> {
        let deadline = Instant::now() + self.acquire_timeout;
        let pass = match timeout_at(deadline, self.gate.enter(purpose)).await {
            Ok(entered) => entered.map_err(|_| self.closed())?,
            Err(_) => return Err(self.exhausted()),
        };
        let links = self.links().ok_or_else(|| self.closed())?;
        // With a pass there is a place in the pool: whoever waits now waits for a connection to be
        // made, and bb8 tells why it is not only to its sink.
        match timeout_at(deadline, links.borrow(pass)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(RunError::User(error))) => Err(self.unavailable(&error)),
            Ok(Err(RunError::TimedOut)) | Err(_) => Err(self.unavailable_since()),
        }
    }

    /// Waits until all connections are home, then closes them on a blocking thread: SQLite moves
    /// its log into the file first.
    pub(crate) async fn close(&self, within: Duration) {
        self.gate.close(within).await;
        let Some(links) = self.locked_links().take() else {
            return;
        };
        let closed = tokio::task::spawn_blocking(move || links.close());
        if tokio::time::timeout(within, closed).await.is_err() {
            tracing::warn!(database = %self.name, "closing the pool takes too long, going on");
        }
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// All connections, and those of them that nobody uses.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.links().map_or((0, 0), |links| links.size())
    }

    pub(crate) fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// Remembers a transient fault and tells the caller to come again.
    pub(crate) fn unavailable(&self, cause: &dyn Display) -> StorageError {
        self.trouble.note(cause);
        self.unavailable_since()
    }

    /// [`StorageError::Unavailable`] with the last thing that went wrong.
    pub(crate) fn unavailable_since(&self) -> StorageError {
        StorageError::Unavailable {
            database: self.name.clone(),
            cause: self.trouble.last().unwrap_or_else(|| "no time left".into()),
            retry_after: RETRY_AFTER,
        }
    }

    /// The bus had no credit for a write in time.
    pub(crate) fn overloaded(&self) -> StorageError {
        StorageError::Unavailable {
            database: self.name.clone(),
            cause: "no credit is free".into(),
            retry_after: RETRY_AFTER,
        }
    }

    /// What a failed piece of work tells its caller.
    pub(crate) fn failure(&self, operation: &'static str, fault: Fault) -> StorageError {
        if fault.is_transient() || fault.is_time_out() || fault.is_silence() {
            return self.unavailable(&fault);
        }
        StorageError::Failed { operation, fault }
    }

    pub(crate) fn closed(&self) -> StorageError {
        StorageError::Closed {
            database: self.name.clone(),
        }
    }

    fn exhausted(&self) -> StorageError {
        self.unavailable(&format_args!(
            "all {} connections are in use",
            self.gate.max()
        ))
    }

    fn links(&self) -> Option<Links> {
        self.locked_links().clone()
    }

    fn locked_links(&self) -> std::sync::MutexGuard<'_, Option<Links>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
