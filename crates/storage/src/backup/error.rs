//! Why a backup, a restore or a new epoch failed.

use crate::OpenError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a backup, a restore or a new epoch failed. The store is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database is on PostgreSQL, whose own tools do this.
    #[error("{database} is on PostgreSQL")]
    NotEmbedded {
        /// The name of the database.
        database: String,
    },
    /// A file of this name exists; nothing is ever overwritten.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The directory that the copy is to be created in does not exist.
    #[error("there is no directory {path}: create it first (mkdir -m 0700 {path})", path = .0.display())]
    NoDirectory(PathBuf),
    /// There is no store to copy at this path.
    #[error("there is no store at {}", .0.display())]
    NoStore(PathBuf),
    /// The copy and the store are the same file.
    #[error("{} is the store itself", .0.display())]
    Itself(PathBuf),
    /// The file is not Parlor's, or is damaged.
    #[error("{} cannot be used: {why}", .path.display())]
    Foreign {
        /// The path of the copy.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The path as it was configured or given.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The database failed.
    #[error("{store}: {why}")]
    Database {
        /// The path of the file, or the name of the database.
        store: String,
        /// The error of the database, as text.
        why: String,
    },
    /// The store is in use, cannot be used, or cannot be migrated.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl BackupError {
    /// Returns a function that adds the path to an error of the operating system.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::File {
            path: path.to_owned(),
            error,
        }
    }

    /// Returns a function that adds the path to an error of the database in this file.
    pub(crate) fn database<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        move |error| Self::Database {
            store: path.display().to_string(),
            why: error.to_string(),
        }
    }
}
