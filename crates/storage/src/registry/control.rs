//! Stopping, starting, resetting and repointing one database while the others serve. Never two of
//! these at once on the same database; each runs to its end when its future is dropped.

use super::databases::Databases;
use super::slot::Slot;
use crate::{DatabaseConfig, DatabaseState, OpenError};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, oneshot};

/// Why a database was not stopped, started, reset or repointed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No database of this name is registered.
    #[error("there is no database called {0}")]
    Unknown(String),
    /// The same or another of these is under way.
    #[error("{0} is being stopped, started or reset already")]
    Busy(String),
    /// The database was closed and did not open again; opening is tried again until it succeeds.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Databases {
    pub(super) async fn stop(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        let guard = self.control(name)?;
        let slot = Arc::clone(&guard.slot);
        guard
            .run(async move {
                slot.close(drain, DatabaseState::Closed).await;
                Ok(())
            })
            .await
    }

    pub(super) async fn start(&self, name: &str) -> Result<(), ControlError> {
        let guard = self.control(name)?;
        let slot = Arc::clone(&guard.slot);
        guard.run(async move { reopen(&slot).await }).await
    }

    pub(crate) async fn reset(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        let guard = self.control(name)?;
        let slot = Arc::clone(&guard.slot);
        guard
            .run(async move {
                slot.close(drain, DatabaseState::Connecting).await;
                reopen(&slot).await
            })
            .await
    }

    pub(super) async fn repoint(
        &self,
        config: DatabaseConfig,
        drain: Duration,
    ) -> Result<(), ControlError> {
        let guard = self.control(&config.name)?;
        let slot = Arc::clone(&guard.slot);
        guard
            .run(async move {
                slot.close(drain, DatabaseState::Connecting).await;
                slot.repoint(config);
                reopen(&slot).await
            })
            .await
    }

    /// Claims one database, unless somebody has claimed it already.
    fn control(&self, name: &str) -> Result<ControlGuard, ControlError> {
        let unknown = || ControlError::Unknown(name.to_owned());
        let slot = self.named(name).ok_or_else(unknown)?;
        match Arc::clone(&slot.control).try_lock_owned() {
            Ok(alone) => Ok(ControlGuard { slot, alone }),
            Err(_) => Err(ControlError::Busy(name.to_owned())),
        }
    }
}

/// Opens a database; if that fails, a task goes on trying.
async fn reopen(slot: &Arc<Slot>) -> Result<(), ControlError> {
    if let Err(error) = slot.open().await {
        slot.keep_opening();
        return Err(error.into());
    }
    Ok(())
}

/// The right to stop, start, reset or repoint one database.
struct ControlGuard {
    slot: Arc<Slot>,
    alone: OwnedMutexGuard<()>,
}

impl ControlGuard {
    /// Runs the work in a task of its own: broken off half way, the database would stay closed.
    async fn run(
        self,
        work: impl Future<Output = Result<(), ControlError>> + Send + 'static,
    ) -> Result<(), ControlError> {
        let Self { slot, alone } = self;
        let (sender, done) = oneshot::channel();
        slot.context.tasks.once("storage", "control", async move {
            let ended = work.await;
            drop(alone);
            let _ = sender.send(ended);
        });
        let stopping = |_| Err(ControlError::Busy(slot.config().name));
        done.await.unwrap_or_else(stopping)
    }
}
