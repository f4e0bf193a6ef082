//! The lock on a store: one server at a time, unless several nodes are configured.
//!
//! A SQLite file is locked twice: by a lock file beside it, which also servers of earlier versions
//! respect, and by the file itself, whichever name leads to it. On PostgreSQL it is an advisory lock.
//! All end with their process, so a crash leaves nothing behind.

use super::advisory::{self, Claimant};
use super::file_claim::{FileClaim, OpenFile};
use super::lock_file;
use super::role::Role;
use crate::backend::postgres::answered;
use crate::backend::sqlite::create_file;
use crate::watermark::refuse_missing;
use crate::{DatabaseConfig, OpenError, Url};
use bus::{Task, Tasks};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use std::path::Path;

/// A lock that is held. Dropped, it is given back.
pub(crate) enum StoreLock {
    /// A locked file, and the one beside it.
    File {
        store: Option<FileClaim>,
        _beside: std::fs::File,
    },
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
            Url::Sqlite(path) => Self::of_file(path, Role::Server, config).await,
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
            .map_err(|error| config.unreachable(&format!("the lock on it was lost: {error}")))
    }

    /// Makes sure that no server holds the store while it is migrated.
    pub(crate) async fn take_to_migrate(
        config: &DatabaseConfig,
    ) -> Result<Option<Self>, OpenError> {
        match &config.url {
            Url::Sqlite(path) => Self::of_file(path, Role::Migration, config).await,
            Url::Postgres(url) if !config.shared => {
                Claimant::new(url, config, &config.name)
                    .refuse_beside_a_server()
                    .await?;
                Ok(None)
            }
            Url::Postgres(_) => Ok(None),
        }
    }

    /// A server makes the file, so that it can be locked before anyone opens it.
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

    /// The file that is locked, if it is one.
    pub(crate) fn file(&self) -> Option<OpenFile> {
        let Self::File { store, .. } = self else {
            return None;
        };
        store.as_ref().map(FileClaim::file)
    }

    /// Gives it back although connections may still be open.
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
