//! Putting a backup in the place of a store that nobody serves.
//!
//! The new store is completed beside the old one: copied, checked, migrated, with a new epoch. Then
//! the mark names that epoch, and one rename puts the store in place. If it is interrupted before
//! the rename, the old store stays and at worst gets a new epoch at its next start.

use super::BackupError;
use super::examine::examine;
use super::file_copy::copy_into;
use super::place::{keep_as, sync_directory};
use crate::backend::sqlite::beside;
use crate::backend::{FileIdentity, sqlite, untouched};
use crate::lock::StoreLock;
use crate::watermark::{Mark, renew_sqlite};
use crate::{DatabaseConfig, Url, migrate};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::fs::File;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

/// A restore that has not been made yet.
pub struct Restore {
    config: DatabaseConfig,
    store: PathBuf,
    file: PathBuf,
    staged: PathBuf,
}

/// The result of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The new epoch of the store.
    pub epoch: String,
    /// The path of the former store, if there was one.
    pub kept: Option<PathBuf>,
}

impl Restore {
    /// Prepares to restore this file as this database's store.
    pub fn new(config: &DatabaseConfig, file: &Path) -> Result<Self, BackupError> {
        let Url::Sqlite(store) = &config.url else {
            return Err(BackupError::NotEmbedded {
                database: config.name.clone(),
            });
        };
        if FileIdentity::is_same(store, file) {
            return Err(BackupError::Itself(file.to_owned()));
        }
        Ok(Self {
            config: config.clone(),
            store: store.clone(),
            file: file.to_owned(),
            staged: beside(store, ".restoring"),
        })
    }

    /// Restores under the store's lock, which a server must not hold.
    pub async fn run(self) -> Result<Restored, BackupError> {
        let _lock = StoreLock::take_to_migrate(&self.config).await?;
        let this = std::sync::Arc::new(self);
        in_blocking(&this, Self::stage).await?;
        migrate::migrate(&this.staged_config()).await?;
        in_blocking(&this, Self::swap).await
    }

    fn staged_config(&self) -> DatabaseConfig {
        DatabaseConfig {
            url: Url::Sqlite(self.staged.clone()),
            // It gets a new epoch in the end, and its mark is written then.
            watermark: None,
            ..self.config.clone()
        }
    }

    /// Copies the file to a place beside the store.
    fn stage(&self) -> Result<(), BackupError> {
        examine(&self.file)?;
        // Left over from a restore that was interrupted; the lock is ours.
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(&self.staged, suffix));
        }
        copy_into(&untouched(&self.file), &self.file, &self.staged)
    }

    fn swap(&self) -> Result<Restored, BackupError> {
        let renewed = self.finish_staged()?;
        let kept = self.keep_old(&renewed)?;
        std::fs::rename(&self.staged, &self.store).map_err(BackupError::file(&self.store))?;
        sync_directory(&self.store)?;
        Ok(Restored {
            epoch: renewed.epoch,
            kept,
        })
    }

    /// Gives the staged store a new epoch, and moves everything into the one file, on the disk.
    fn finish_staged(&self) -> Result<Renewed, BackupError> {
        let table = self.config.watermark.map(|watermark| watermark.table);
        let renewed = renew(&self.staged, table).map_err(BackupError::database(&self.staged))?;
        File::open(&self.staged)
            .and_then(|file| file.sync_all())
            .map_err(BackupError::file(&self.staged))?;
        Ok(renewed)
    }

    /// Gives the old store a second name. Once the mark is written, it would get a new epoch at its
    /// next start.
    fn keep_old(&self, renewed: &Renewed) -> Result<Option<PathBuf>, BackupError> {
        let old = std::fs::metadata(&self.store).ok();
        if let Some(old) = &old {
            move_log(&self.store);
            chown(&self.staged, Some(old.uid()), Some(old.gid()))
                .map_err(BackupError::file(&self.staged))?;
        }
        if let Some(mark) = &renewed.mark {
            mark.write(&self.store)
                .map_err(BackupError::file(&self.store))?;
            sync_directory(&self.store)?;
        }
        if old.is_none() {
            return Ok(None);
        }
        let kept = beside(&self.store, &format!(".before-restore-{}", renewed.now));
        keep_as(&self.store, &kept)?;
        // Exists only if the store was too damaged to be opened: its log must not meet the new
        // store.
        let log = beside(&self.store, "-wal");
        if log.exists() {
            let aside = beside(&kept, "-wal");
            std::fs::rename(&log, &aside).map_err(BackupError::file(&log))?;
        }
        let _ = std::fs::remove_file(beside(&self.store, "-shm"));
        Ok(Some(kept))
    }
}

async fn in_blocking<T: Send + 'static>(
    this: &std::sync::Arc<Restore>,
    step: fn(&Restore) -> Result<T, BackupError>,
) -> Result<T, BackupError> {
    let restore = std::sync::Arc::clone(this);
    let done = tokio::task::spawn_blocking(move || step(&restore)).await;
    done.unwrap_or_else(|panic| Err(BackupError::database(&this.store)(panic)))
}

/// A store with a new epoch.
struct Renewed {
    epoch: String,
    mark: Option<Mark>,
    /// The time, for the name of the former store.
    now: String,
}

#[derive(QueryableByName)]
struct Timestamp {
    #[diesel(sql_type = Text)]
    now: String,
}

fn renew(staged: &Path, table: Option<&str>) -> anyhow::Result<Renewed> {
    let mut connection = sqlite::open(&sqlite::uri(staged, ""))?;
    let epoch = renew_sqlite(&mut connection)?;
    let mark = match table {
        Some(table) => Some(Mark::of(&mut connection, table)?),
        None => None,
    };
    let now: Timestamp =
        sql_query("SELECT strftime('%Y%m%dT%H%M%SZ') AS now").get_result(&mut connection)?;
    checkpoint(&mut connection)?;
    Ok(Renewed {
        epoch,
        mark,
        now: now.now,
    })
}

/// Moves the log of a store that was not closed into its file, if the store can be opened.
fn move_log(store: &Path) {
    let folded = sqlite::open(&sqlite::uri(store, ""))
        .map_err(anyhow::Error::from)
        .and_then(|mut connection| Ok(checkpoint(&mut connection)?));
    if let Err(error) = folded {
        tracing::warn!(%error, "could not open the old store; keeping its files as they are");
    }
}

/// Closing the last connection removes the empty log.
fn checkpoint(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
}
