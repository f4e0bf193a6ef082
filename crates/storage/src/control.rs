//! What can be done to one database while the others serve: stop, start, reset, repoint. Never two
//! at once to the same, and each goes on to its end when its future is dropped.

use crate::registry::Databases;
use crate::slot::Slot;
use crate::{DatabaseConfig, DatabaseState, OpenError, Registry};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, oneshot};

/// Why a database was not stopped, started, reset or pointed elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No database of this name is registered.
    #[error("there is no database called {0}")]
    Unknown(String),
    /// The same or another of these is under way.
    #[error("{0} is being stopped, started or reset already")]
    Busy(String),
    /// It is closed and did not open again; it is tried again until it does.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Registry {
    /// Closes one, and leaves the others alone: its lanes are emptied and its connections waited
    /// for, within this time. Its users are told [`crate::StorageError::Closed`].
    pub async fn stop(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        let claim = self.databases.claim(name)?;
        let slot = Arc::clone(&claim.slot);
        claim
            .carry_out(async move {
                slot.close(drain, DatabaseState::Closed).await;
                Ok(())
            })
            .await
    }

    /// Opens one again that was stopped.
    pub async fn start(&self, name: &str) -> Result<(), ControlError> {
        let claim = self.databases.claim(name)?;
        let slot = Arc::clone(&claim.slot);
        claim.carry_out(async move { reopen(&slot).await }).await
    }

    /// Closes one and opens it again: all its connections are new. Its users wait no longer than
    /// usual and are told to come again.
    pub async fn reset(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        self.databases.reset(name, drain).await
    }

    /// Closes one and opens another in its place, of the same name.
    pub async fn repoint(
        &self,
        config: DatabaseConfig,
        drain: Duration,
    ) -> Result<(), ControlError> {
        let claim = self.databases.claim(&config.name)?;
        let slot = Arc::clone(&claim.slot);
        claim
            .carry_out(async move {
                slot.close(drain, DatabaseState::Connecting).await;
                slot.repoint(config);
                reopen(&slot).await
            })
            .await
    }
}

impl Databases {
    pub(crate) async fn reset(&self, name: &str, drain: Duration) -> Result<(), ControlError> {
        let claim = self.claim(name)?;
        let slot = Arc::clone(&claim.slot);
        claim
            .carry_out(async move {
                slot.close(drain, DatabaseState::Connecting).await;
                reopen(&slot).await
            })
            .await
    }

    /// The right to do something to one of them, unless something is being done to it already.
    fn claim(&self, name: &str) -> Result<Claim, ControlError> {
        let unknown = || ControlError::Unknown(name.to_owned());
        let slot = self.named(name).ok_or_else(unknown)?;
        match Arc::clone(&slot.control).try_lock_owned() {
            Ok(alone) => Ok(Claim { slot, alone }),
            Err(_) => Err(ControlError::Busy(name.to_owned())),
        }
    }
}

/// Opens it, now or in its own time.
async fn reopen(slot: &Arc<Slot>) -> Result<(), ControlError> {
    if let Err(error) = slot.open().await {
        slot.open_in_time();
        return Err(error.into());
    }
    Ok(())
}

/// The right to stop, start, reset or repoint one database.
struct Claim {
    slot: Arc<Slot>,
    alone: OwnedMutexGuard<()>,
}

impl Claim {
    /// Does it in a task of its own: half done, a database would stay closed.
    async fn carry_out(
        self,
        work: impl Future<Output = Result<(), ControlError>> + Send + 'static,
    ) -> Result<(), ControlError> {
        let Self { slot, alone } = self;
        let (sender, done) = oneshot::channel();
        slot.tasks.once("storage", "control", async move {
            let ended = work.await;
            drop(alone);
            let _ = sender.send(ended);
        });
        let stopping = |_| Err(ControlError::Busy(slot.config().name));
        done.await.unwrap_or_else(stopping)
    }
}
