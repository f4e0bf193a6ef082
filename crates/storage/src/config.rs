//! How a database is configured.

use diesel_migrations::EmbeddedMigrations;
use std::path::PathBuf;
use std::time::Duration;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Url {
    /// A file; created with its directories.
    Sqlite(PathBuf),
    /// `postgres://…`; `Debug` of a config never shows it.
    Postgres(String),
}

/// A database's migrations, one list per backend, forward only.
#[derive(Clone, Copy)]
pub struct Migrations {
    /// `migrations/<database>/sqlite`.
    pub sqlite: &'static EmbeddedMigrations,
    /// `migrations/<database>/postgres`.
    pub postgres: &'static EmbeddedMigrations,
}

/// Everything about one database.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// Its name in the registry.
    pub name: String,
    /// Where it is.
    pub url: Url,
    /// Most connections. Default 10. Too low: callers wait; too high: PostgreSQL runs out of slots.
    pub pool_max: u32,
    /// Connections kept open. Default 2.
    pub pool_min: u32,
    /// Longest wait for a connection. Default 2 s.
    pub acquire_timeout: Duration,
    /// Longest statement. Default 2 s.
    pub statement_timeout: Duration,
    /// After this long unused a connection above `pool_min` is closed. Default 10 min.
    pub idle_timeout: Duration,
    /// True: the server is not ready without it.
    pub critical: bool,
    /// Several nodes share this store: no exclusive lock is taken.
    pub shared: bool,
    /// Its schema.
    pub migrations: Migrations,
}
