//! The settings of one named database.

mod check;
mod location;
mod rows;

use settings::{Contradiction, Setting, Table};
use std::fmt;
use std::time::Duration;

/// The database that always exists.
const CORE: &str = "core";

/// The settings of one named database. `Debug` shows only its name.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// The name in the registry.
    pub name: String,
    /// Where the database is, as one text. Cannot be combined with its parts.
    pub url: Option<String>,
    /// Host of PostgreSQL.
    pub host: Option<String>,
    /// Port of PostgreSQL. Default 5432.
    pub port: Option<u16>,
    /// Name of the PostgreSQL database. Default parlor.
    pub database: Option<String>,
    /// User of PostgreSQL. Default parlor.
    pub user: Option<String>,
    /// Password of PostgreSQL. Default none.
    pub password: Option<String>,
    /// Whether connections are encrypted, as libpq means it. Default prefer.
    pub sslmode: Option<String>,
    /// File of the certificates that vouch for PostgreSQL, or `system`.
    pub sslrootcert: Option<String>,
    /// Most connections. Default 10 for `core`, 5 for others. Too low: callers wait. Too high:
    /// PostgreSQL runs out of slots.
    pub pool_max: u32,
    /// Connections kept open. Default 2 for `core`, 1 for others, but at most `pool_max`.
    pub pool_min: Option<u32>,
    /// Longest wait for a connection. Default 2 s.
    pub acquire_timeout: Duration,
    /// Longest statement. Default 2 s.
    pub statement_timeout: Duration,
    /// Time after which an unused connection to PostgreSQL is closed. Default 10 min.
    pub idle_timeout: Duration,
    /// How often the position of an embedded `core` is noted. Default 10 s.
    pub mark_every: Duration,
    /// Whether the server is unavailable without this database. Default only `core`.
    pub critical: bool,
    /// How long a start waits for PostgreSQL, if the database is critical. Default 60 s.
    pub start_wait: Duration,
    /// Hot standbys that may answer reads; only of `core`. Default none.
    pub replica_urls: Vec<String>,
    /// Most connections to each replica. Default 5.
    pub replica_pool_max: u32,
    /// Longest read on a replica. Default 250 ms.
    pub replica_timeout: Duration,
    /// Largest lag of a replica that is used. Default 10 s.
    pub replica_lag_max: Duration,
}

impl Table for DatabaseSettings {
    fn rows() -> Vec<Setting<Self>> {
        rows::rows()
    }

    fn check(&self) -> Result<(), Contradiction> {
        check::check(self)
    }
}

/// The defaults of `core`.
impl Default for DatabaseSettings {
    fn default() -> Self {
        Self::new(CORE)
    }
}

impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl DatabaseSettings {
    /// Returns the defaults of a database of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: None,
            host: None,
            port: None,
            database: None,
            user: None,
            password: None,
            sslmode: None,
            sslrootcert: None,
            pool_max: if name == CORE { 10 } else { 5 },
            pool_min: None,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(600),
            mark_every: Duration::from_secs(10),
            critical: name == CORE,
            start_wait: Duration::from_secs(60),
            replica_urls: Vec::new(),
            replica_pool_max: 5,
            replica_timeout: Duration::from_millis(250),
            replica_lag_max: Duration::from_secs(10),
        }
    }

    /// Returns whether this is the database that the server cannot do without, the only one that
    /// is read on replicas.
    #[must_use]
    pub fn is_core(&self) -> bool {
        self.name == CORE
    }

    /// Returns the prefix of its names in the environment, such as `CORE_DB_`; errors name its
    /// settings so.
    #[must_use]
    pub fn prefix(&self) -> String {
        Self::prefix_of(&self.name)
    }

    /// Returns the prefix of a database's names in the environment.
    #[must_use]
    pub fn prefix_of(name: &str) -> String {
        format!("{}_DB_", name.to_uppercase())
    }

    /// Returns the number of connections that are kept open.
    #[must_use]
    pub fn pool_min(&self) -> u32 {
        let default = if self.is_core() { 2 } else { 1 };
        self.pool_min.unwrap_or_else(|| self.pool_max.min(default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_beside_core_is_smaller_and_not_critical() {
        let (core, other) = (
            DatabaseSettings::new("core"),
            DatabaseSettings::new("analytics"),
        );
        assert_eq!(
            (core.pool_max, core.pool_min(), core.critical),
            (10, 2, true)
        );
        assert_eq!(
            (other.pool_max, other.pool_min(), other.critical),
            (5, 1, false)
        );
    }
}
