//! How a database is configured.

use crate::error::RETRY_AFTER;
use crate::{Backend, OpenError, StorageError};
use diesel_migrations::EmbeddedMigrations;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::time::Duration;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Url {
    /// A file; created with its directories.
    Sqlite(PathBuf),
    /// `postgres://…`; `Debug` never shows it.
    Postgres(String),
}

impl Url {
    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// A database's migrations, forward only. Every list makes the table `storage_meta`.
#[derive(Clone)]
pub enum Migrations {
    /// In the binary, one list per backend.
    Embedded {
        /// `migrations/<database>/sqlite`.
        sqlite: &'static EmbeddedMigrations,
        /// `migrations/<database>/postgres`.
        postgres: &'static EmbeddedMigrations,
    },
    /// `migrations/<database>` on disk, with `sqlite` and `postgres` in it: for tests.
    Folder(PathBuf),
}

/// Everything about one database.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// Its name in the registry.
    pub name: String,
    /// Where it is.
    pub url: Url,
    /// Most connections. Default 10, beside `core` 5. Too low: callers wait; too high: PostgreSQL runs out of slots.
    pub pool_max: u32,
    /// Connections kept open. Default 2, beside `core` 1.
    pub pool_min: u32,
    /// Longest wait for a connection. Default 2 s.
    pub acquire_timeout: Duration,
    /// Longest statement. Default 2 s.
    pub statement_timeout: Duration,
    /// After this long unused a connection to PostgreSQL is closed, at most half as long later;
    /// those of `pool_min` are made anew. Default 10 min. A file's connections stay.
    pub idle_timeout: Duration,
    /// True: the server is not ready without it.
    pub critical: bool,
    /// Several nodes share this store: no exclusive lock is taken.
    pub shared: bool,
    /// By what an older copy of an embedded database is told; `None`: not at all.
    pub watermark: Option<Watermark>,
    /// Where it is noted outside PostgreSQL how far the database has come; `None`: nowhere.
    pub mark_file: Option<PathBuf>,
    /// Its schema.
    pub migrations: Migrations,
    /// `Some`: a replica of another database, which alone asks it. Nothing is migrated here, locked
    /// or written, and `statement_timeout` is the longest time that a read may take.
    pub replica_of: Option<ReplicaOf>,
}

/// Which table's highest row tells how far a SQLite database has come. Its rows must only ever be
/// added at the end, and the last one must never be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// An ordinary rowid table.
    pub table: &'static str,
    /// How often it is noted. Default 10 s. Too long: a copy put back by hand soon after it was
    /// taken goes unnoticed when the server was killed.
    pub every: Duration,
}

impl Watermark {
    /// Of this table, with the documented default.
    #[must_use]
    pub fn new(table: &'static str) -> Self {
        Self {
            table,
            every: Duration::from_secs(10),
        }
    }
}

/// Whose replica a database is: a hot standby, fed by PostgreSQL's own streaming replication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaOf {
    /// The name of its primary, which has been registered before.
    pub primary: String,
    /// Longest time that it may be behind its primary and be asked. Default 10 s.
    pub lag_max: Duration,
}

impl DatabaseConfig {
    /// A database with the documented defaults; `core` is critical, others are not.
    #[must_use]
    pub fn new(name: impl Into<String>, url: Url, migrations: Migrations) -> Self {
        let name = name.into();
        let is_core = name == "core";
        Self {
            critical: is_core,
            name,
            url,
            pool_max: if is_core { 10 } else { 5 },
            pool_min: if is_core { 2 } else { 1 },
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(600),
            shared: false,
            watermark: None,
            mark_file: None,
            migrations,
            replica_of: None,
        }
    }

    /// Returns the error for a store that cannot be reached, for this cause.
    pub(crate) fn unreachable(&self, cause: &dyn Display) -> OpenError {
        OpenError::Storage(StorageError::Unavailable {
            database: self.name.clone(),
            cause: cause.to_string(),
            retry_after: RETRY_AFTER,
        })
    }

    /// Returns the error for a store that Parlor must not use, for this reason.
    pub(crate) fn unusable(&self, why: &str) -> OpenError {
        OpenError::Foreign {
            store: self.store(),
            why: why.to_owned(),
        }
    }

    /// How errors call it: never with a password.
    pub(crate) fn store(&self) -> String {
        match &self.url {
            Url::Sqlite(path) => path.display().to_string(),
            Url::Postgres(_) => format!("the PostgreSQL database of {}", self.name),
        }
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("name", &self.name)
            .field("url", &self.url)
            .field("pool_max", &self.pool_max)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
