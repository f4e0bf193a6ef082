//! Taking and releasing the lock on a store.
//!
//! A SQLite file is locked twice: by a lock file beside it, which servers of earlier versions
//! respect too, and by a lock on the file itself, whichever name leads to it. On PostgreSQL it is
//! an advisory lock. All locks end with their process, so a crash leaves nothing behind.

use super::advisory::{self, Claimant};
use super::file_claim::{FileClaim, OpenFile};
use super::lock_file;
use super::role::Role;
use crate::backend::postgres::{answered, check_server};
use crate::backend::sqlite::create_file;
use crate::watermark::refuse_missing;
use crate::{DatabaseConfig, OpenError, Url};
use bus::{Task, Tasks};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use std::path::Path;

/// The lock on a store; dropping it releases the lock.
pub(crate) enum StoreLock {
    /// Locks on a file and on the lock file beside it.
    File {
        store: Option<FileClaim>,
        _beside: std::fs::File,
    },
    /// A task that keeps the connection which holds the lock.
    Kept(Task),
    /// A connection that holds the lock and is not checked, see [`StoreLock::confirm`].
    Session(Box<AsyncPgConnection>),
}

impl StoreLock {
    /// Takes the lock for a server; returns `None` if this store needs none. `on_taken` is called
    /// if the lock is lost later and another server takes it.
    pub(crate) async fn take(
        config: &DatabaseConfig,
        tasks: &Tasks,
        on_taken: impl Fn(&OpenError) + Send + 'static,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Sqlite(path) => Self::of_file(path, Role::Server, config).await,
            Url::Postgres(url) if config.shared => {
                check_server(url, config).await?;
                Ok(None)
            }
            Url::Postgres(url) => {
                // Through a pooler the lock would not last. Not asked again when the lock is taken
                // again, for which one connection has to be enough.
                check_server(url, config).await?;
                let claimant = Claimant::new(url, config, &config.name);
                let held = claimant.lock().await?;
                Ok(Some(Self::Kept(advisory::keep(
                    claimant, held, tasks, on_taken,
                ))))
            }
        }
    }

    /// Takes the lock for a command that may take hours; processes that are refused see its name.
    pub(crate) async fn take_for(
        command: &str,
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Postgres(url) if !config.shared => {
                check_server(url, config).await?;
                let held = Claimant::new(url, config, command).lock().await?;
                Ok(Some(Self::Session(Box::new(held))))
            }
            _ => Self::take_to_migrate(config).await,
        }
    }

    /// Fails if the lock was lost in the meantime: a server may have begun to write.
    pub(crate) async fn confirm(&mut self, config: &DatabaseConfig) -> Result<(), OpenError> {
        let Self::Session(held) = self else {
            return Ok(());
        };
        answered(held.batch_execute("SELECT 1"))
            .await
            .map_err(|error| config.unreachable(&format!("the lock on it was lost: {error}")))
    }

    /// Makes sure that no server holds the store while it is migrated.
    pub(crate) async fn take_to_migrate(
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Sqlite(path) => Self::of_file(path, Role::Migration, config).await,
            Url::Postgres(url) => {
                check_server(url, config).await?;
                if !config.shared {
                    Claimant::new(url, config, &config.name)
                        .refuse_beside_a_server()
                        .await?;
                }
                Ok(None)
            }
        }
    }

    /// Creates the file for a server, so that it can be locked before anyone opens it.
    async fn of_file(
        store: &Path,
        role: Role,
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        let beside = lock_file::lock(store, role, config).await?;
        if role == Role::Server {
            refuse_missing(store, config)?;
            create_file(store).map_err(|error| config.unreachable(&error))?;
        }
        let store = FileClaim::take(store, config).await?;
        Ok(Some(Self::File {
            store,
            _beside: beside,
        }))
    }

    /// Returns the locked file; `None` on PostgreSQL.
    pub(crate) fn file(&self) -> Option<OpenFile> {
        let Self::File { store, .. } = self else {
            return None;
        };
        store.as_ref().map(FileClaim::file)
    }

    /// Releases the lock although connections may still be open.
    pub(crate) fn release_early(mut self) {
        if let Self::File { store, .. } = &mut self
            && let Some(claim) = store.take()
        {
            claim.leave_open();
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
