//! The lock on a store: one server at a time, unless several nodes are configured.
//!
//! Beside a SQLite file lies a lock file; on PostgreSQL it is an advisory lock. Either ends with
//! its process, so a crash leaves nothing behind.

mod advisory;
mod file;

use crate::postgres::answered;
use crate::registry::unreachable;
use crate::{DatabaseConfig, OpenError, Url};
use advisory::Claimant;
use bus::{Task, Tasks};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};

/// What wants the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Serves it, and keeps it.
    Server,
    /// Migrates it, and waits for others that do.
    Migration,
}

/// A lock that is held. Dropped, it is given back.
pub(crate) enum StoreLock {
    /// A locked file.
    File { _file: std::fs::File },
    /// A task that keeps a connection.
    Kept(Task),
    /// A connection that nobody looks at, see [`StoreLock::confirm`].
    Session(Box<AsyncPgConnection>),
}

impl StoreLock {
    /// Takes the lock, or names who holds it. `None`: this store needs none. `on_taken` is called
    /// when the lock was lost and another server took it.
    pub(crate) async fn take(
        config: &DatabaseConfig,
        tasks: &Tasks,
        on_taken: impl Fn(&OpenError) + Send + 'static,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Sqlite(path) => {
                let file = file::lock(path, Role::Server, config).await?;
                Ok(Some(Self::File { _file: file }))
            }
            Url::Postgres(_) if config.shared => Ok(None),
            Url::Postgres(url) => {
                let claimant = Claimant::new(url, config, &config.name);
                let held = claimant.lock().await?;
                Ok(Some(Self::Kept(advisory::keep(
                    claimant, held, tasks, on_taken,
                ))))
            }
        }
    }

    /// Takes the lock for a command that may take hours; others are told its name.
    pub(crate) async fn take_for(
        command: &str,
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Postgres(url) if !config.shared => {
                let held = Claimant::new(url, config, command).lock().await?;
                Ok(Some(Self::Session(Box::new(held))))
            }
            _ => Self::take_to_migrate(config).await,
        }
    }

    /// Fails when the lock was lost meanwhile: a server may have begun to write.
    pub(crate) async fn confirm(&mut self, config: &DatabaseConfig) -> Result<(), OpenError> {
        let Self::Session(held) = self else {
            return Ok(());
        };
        answered(held.batch_execute("SELECT 1"))
            .await
            .map_err(|error| unreachable(config, &format!("the lock on it was lost: {error}")))
    }

    /// Makes sure that no server holds the store while it is migrated.
    pub(crate) async fn take_to_migrate(
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Sqlite(path) => {
                let file = file::lock(path, Role::Migration, config).await?;
                Ok(Some(Self::File { _file: file }))
            }
            Url::Postgres(url) if !config.shared => {
                Claimant::new(url, config, &config.name)
                    .refuse_beside_a_server()
                    .await?;
                Ok(None)
            }
            Url::Postgres(_) => Ok(None),
        }
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        if let Self::Kept(task) = self {
            task.cancel();
        }
    }
}
