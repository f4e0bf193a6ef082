//! The configuration of a database.

use crate::backend::postgres::{ConnectError, PostgresUrl};
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
    Postgres(PostgresUrl),
}

impl Url {
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

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

/// A database's migrations, forward only. Every list must create the table `storage_meta`.
#[derive(Clone)]
pub enum Migrations {
    /// Compiled into the binary, one list per backend.
    Embedded {
        /// The list for SQLite: `migrations/<database>/sqlite`.
        sqlite: &'static EmbeddedMigrations,
        /// The list for PostgreSQL: `migrations/<database>/postgres`.
        postgres: &'static EmbeddedMigrations,
    },
    /// A folder `migrations/<database>` on disk that contains `sqlite` and `postgres`: for tests.
    Folder(PathBuf),
    /// Several lists, applied one after the other, such as that of the tables that all extensions
    /// have and an extension's own. No version may be in two of them.
    Joined(Vec<Migrations>),
}

/// The configuration of one database.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// The name in the registry.
    pub name: String,
    /// Where the database is.
    pub url: Url,
    /// The PostgreSQL schema that has all its tables, made when it is migrated: it shares the
    /// database with others and cannot see theirs. `[a-z][a-z0-9_]{0,23}`. `None`: the schema that
    /// its role works in. Files have no schemas and ignore it.
    pub schema: Option<String>,
    /// Most connections. Default 10 for `core`, 5 for others. Too low: callers wait; too high:
    /// PostgreSQL runs out of slots.
    pub pool_max: u32,
    /// Connections kept open. Default 2 for `core`, 1 for others.
    pub pool_min: u32,
    /// Longest wait for a connection. Default 2 s.
    pub acquire_timeout: Duration,
    /// Longest statement. Default 2 s.
    pub statement_timeout: Duration,
    /// Connections to PostgreSQL that were idle this long are closed, at most half as long later;
    /// those of `pool_min` are opened again. Default 10 min. Connections to a file stay open.
    pub idle_timeout: Duration,
    /// Whether the server is not ready without this database.
    pub critical: bool,
    /// How long a start waits for this database, if it is critical and on a PostgreSQL server that
    /// cannot be reached. Default 60 s.
    pub start_wait: Duration,
    /// Whether several nodes share this store: then no exclusive lock is taken.
    pub shared: bool,
    /// How an older copy of the store is noticed; `None`: it is not.
    pub watermark: Option<Watermark>,
    /// The file outside PostgreSQL that says how far the database has come; `None`: there is none.
    pub mark_file: Option<PathBuf>,
    /// The migrations that make its schema.
    pub migrations: Migrations,
    /// Set for a replica, which only its primary uses. It is neither migrated nor locked nor
    /// written, and `statement_timeout` is the longest time that a read on it may take.
    pub replica_of: Option<ReplicaOf>,
}

/// The table whose highest row says how far a SQLite database has come. Rows must only ever be
/// added at its end, and the last one must never be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// The name of an ordinary rowid table.
    pub table: &'static str,
    /// How often the highest row is noted. Default 10 s. Too long: when the server was killed, a
    /// copy that is put back by hand soon after it was taken goes unnoticed.
    pub every: Duration,
}

impl Watermark {
    /// Returns the watermark of this table, with the documented default.
    #[must_use]
    pub fn new(table: &'static str) -> Self {
        Self {
            table,
            every: Duration::from_secs(10),
        }
    }
}

/// The primary of a replica: a hot standby, fed by PostgreSQL's own streaming replication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaOf {
    /// The name of the primary, which must be registered before.
    pub primary: String,
    /// How far the replica may be behind its primary and still serve reads. Default 10 s.
    pub lag_max: Duration,
}

impl DatabaseConfig {
    /// Returns the documented defaults; `core` is critical, others are not.
    #[must_use]
    pub fn new(name: impl Into<String>, url: Url, migrations: Migrations) -> Self {
        let name = name.into();
        let is_core = name == "core";
        Self {
            critical: is_core,
            name,
            url,
            schema: None,
            pool_max: if is_core { 10 } else { 5 },
            pool_min: if is_core { 2 } else { 1 },
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(600),
            start_wait: Duration::from_secs(60),
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
            cause: match &self.url {
                Url::Sqlite(path) => format!("{}: {cause}", path.display()),
                Url::Postgres(_) => cause.to_string(),
            },
            retry_after: RETRY_AFTER,
        })
    }

    /// Returns the error for a server to which there is no connection.
    pub(crate) fn cannot_connect(&self, error: &ConnectError) -> OpenError {
        if error.may_pass() {
            self.unreachable(error)
        } else {
            // The error names the server.
            OpenError::Unusable {
                store: format!("the PostgreSQL database of {}", self.name),
                why: error.to_string(),
            }
        }
    }

    /// Returns the error for a store that Parlor must not use, for this reason.
    pub(crate) fn unusable(&self, why: &str) -> OpenError {
        OpenError::Unusable {
            store: self.store(),
            why: why.to_owned(),
        }
    }

    /// Returns how errors name the store: with its server, and never with a name or password.
    pub(crate) fn store(&self) -> String {
        match &self.url {
            Url::Sqlite(path) => path.display().to_string(),
            Url::Postgres(url) => {
                let (name, server) = (&self.name, url.server());
                match &self.schema {
                    None => format!("the PostgreSQL database of {name} at {server}"),
                    Some(schema) => format!("the PostgreSQL schema {schema} of {name} at {server}"),
                }
            }
        }
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("name", &self.name)
            .field("url", &self.url)
            .field("schema", &self.schema)
            .field("pool_max", &self.pool_max)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_on_postgres_is_named_by_its_server_without_credentials() {
        let url = PostgresUrl::parse("postgres://parlor:secret@db.example.org:5433/chat").unwrap();
        let migrations = Migrations::Folder(PathBuf::new());
        let config = DatabaseConfig::new("core", Url::Postgres(url), migrations);
        assert_eq!(
            config.unusable("its encoding is LATIN1").to_string(),
            "the PostgreSQL database of core at db.example.org:5433 cannot be used: its encoding \
             is LATIN1"
        );
        let schema = DatabaseConfig {
            name: "karma".to_owned(),
            schema: Some("karma".to_owned()),
            ..config
        };
        assert_eq!(
            schema.store(),
            "the PostgreSQL schema karma of karma at db.example.org:5433"
        );
    }
}
