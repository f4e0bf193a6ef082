//! Why a backup or a restore did not come about.

use crate::OpenError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a backup, a restore or a new epoch did not come about. The store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// This is done with PostgreSQL's own tools.
    #[error("{database} is on PostgreSQL")]
    NotEmbedded {
        /// Which database.
        database: String,
    },
    /// Nothing is ever overwritten.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no store at {}", .0.display())]
    NoStore(PathBuf),
    /// The copy and the store are the same file.
    #[error("{} is the store itself", .0.display())]
    Itself(PathBuf),
    /// The file is not Parlor's, or is damaged.
    #[error("{} cannot be used: {why}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The database failed.
    #[error("{store}: {why}")]
    Database {
        /// The file or the database.
        store: String,
        /// Why.
        why: String,
    },
    /// The store is in use, foreign, or cannot be migrated.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl BackupError {
    /// What went wrong with this file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::File {
            path: path.to_owned(),
            error,
        }
    }

    /// What went wrong in the database in this file.
    pub(crate) fn database<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        move |error| Self::Database {
            store: path.display().to_string(),
            why: error.to_string(),
        }
    }
}
