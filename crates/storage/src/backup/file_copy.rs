//! A consistent copy of a SQLite store in a new file, made while others read and write the store.
//!
//! SQLite's own `VACUUM INTO` reads one snapshot and blocks no writer. It fills a file beside the
//! target, which gets the target's name only once it is complete, checked and on the disk.

use super::place::{place, sync_directory};
use super::{BackupError, examine::examine};
use crate::backend::served_as;
use crate::backend::sqlite::{self, beside, uri};
use crate::{DatabaseConfig, Url};
use diesel::connection::SimpleConnection as _;
use diesel::{QueryResult, SqliteConnection};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// By how much a store's log may grow while a copy is made.
const LOG_GROWTH_MAX: u64 = 1 << 30;

/// A copy that has not been made yet.
pub struct FileCopy {
    source: PathBuf,
    target: PathBuf,
    partial: PathBuf,
}

/// How far a copy is.
#[derive(Debug, Clone)]
pub struct Progress {
    partial: PathBuf,
    bytes_about: u64,
    log: PathBuf,
    log_bytes_max: u64,
}

impl FileCopy {
    /// Prepares a copy of this database's store into this file, which must not exist.
    pub fn new(config: &DatabaseConfig, target: &Path) -> Result<Self, BackupError> {
        let Url::Sqlite(source) = &config.url else {
            return Err(BackupError::NotEmbedded {
                database: config.name.clone(),
            });
        };
        if !source.is_file() {
            return Err(BackupError::NoStore(source.clone()));
        }
        if target.exists() {
            return Err(BackupError::Exists(target.to_owned()));
        }
        let folder = target.parent().filter(|path| !path.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(BackupError::NoDirectory(folder.to_owned()));
        }
        Ok(Self {
            source: source.clone(),
            target: target.to_owned(),
            partial: beside(target, &format!(".{}.partial", std::process::id())),
        })
    }

    /// Returns a handle that shows how far the copy is; its final size is only estimated.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let log = beside(&self.source, "-wal");
        let log_bytes = size(&log);
        Progress {
            partial: self.partial.clone(),
            bytes_about: size(&self.source) + log_bytes,
            log,
            log_bytes_max: log_bytes + LOG_GROWTH_MAX,
        }
    }

    /// Makes the copy and returns its size in bytes. Blocks; takes longer the larger the store is.
    pub fn run(self) -> Result<u64, BackupError> {
        let copied = self.fill().and_then(|()| self.keep());
        if copied.is_err() {
            self.progress().give_up();
        }
        copied
    }

    fn fill(&self) -> Result<(), BackupError> {
        copy_into(&uri(&self.source, "?mode=ro"), &self.source, &self.partial)?;
        examine(&self.partial)
    }

    fn keep(&self) -> Result<u64, BackupError> {
        let bytes = size(&self.partial);
        place(&self.partial, &self.target)?;
        sync_directory(&self.target)?;
        Ok(bytes)
    }
}

impl Progress {
    /// Bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        size(&self.partial)
    }

    /// An estimate of the final size in bytes; too high if the store has free pages.
    #[must_use]
    pub fn bytes_about(&self) -> u64 {
        self.bytes_about
    }

    /// Whether the store's log has grown by 1 GiB meanwhile: no part of it can be reused while the
    /// store is being copied, and it must not fill the disk.
    #[must_use]
    pub fn log_is_too_long(&self) -> bool {
        size(&self.log) > self.log_bytes_max
    }

    /// Removes the unfinished file of a copy that was broken off.
    pub fn give_up(&self) {
        for file in [beside(&self.partial, "-journal"), self.partial.clone()] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Copies the database at a URI into a new file, which is on the disk when this returns. Blocks.
pub(super) fn copy_into(from: &str, named: &Path, to: &Path) -> Result<(), BackupError> {
    let mut connection = sqlite::connect(from).map_err(BackupError::database(named))?;
    let file = new_file(to).map_err(BackupError::file(to))?;
    fill(&mut connection, to).map_err(BackupError::database(named))?;
    File::sync_all(&file).map_err(BackupError::file(to))
}

/// Copies the database that a connection has open. Blocks.
pub(crate) fn copy_on(connection: &mut SqliteConnection, to: &Path) -> QueryResult<()> {
    let failed = |error: io::Error| diesel::result::Error::SerializationError(error.into());
    let file = new_file(to).map_err(failed)?;
    fill(connection, to)?;
    File::sync_all(&file).map_err(failed)
}

/// Creates a file that only its owner may read: it will contain hashes of passwords.
fn new_file(to: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
}

fn fill(connection: &mut SqliteConnection, to: &Path) -> QueryResult<()> {
    // A URI has no character that would end the literal.
    let copy = format!("PRAGMA busy_timeout = 30000; VACUUM INTO '{}'", uri(to, ""));
    connection.batch_execute(&copy)?;
    let mut filled = sqlite::connect(&uri(to, ""))
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    // An unfinished copy is thrown away, so its journal need not be on the disk.
    filled.batch_execute("PRAGMA journal_mode = MEMORY")?;
    served_as::mark_as_copy(&mut filled)
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::{FileCopy, LOG_GROWTH_MAX};
    use crate::{DatabaseConfig, Url, kit};
    use std::fs::File;

    #[test]
    fn a_copy_that_lets_the_log_grow_too_long_is_to_be_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("core.db");
        let log = File::create(folder.path().join("core.db-wal")).unwrap();
        File::create(&store).unwrap();
        log.set_len(5).unwrap();
        let config = DatabaseConfig::new("core", Url::Sqlite(store), kit::migrations("core"));
        let copy = FileCopy::new(&config, &folder.path().join("copy")).unwrap();
        let progress = copy.progress();
        // Holes take no disk space.
        log.set_len(5 + LOG_GROWTH_MAX).unwrap();
        assert!(!progress.log_is_too_long());
        log.set_len(6 + LOG_GROWTH_MAX).unwrap();
        assert!(progress.log_is_too_long());
    }
}
