//! The settings of a server under test.

use crate::launch::Launch;
use std::collections::BTreeMap;

/// The environment and limits of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) linked: bool,
    pub(crate) launch: Launch,
}

impl Default for Settings {
    /// Lifts rate and connection limits. Since a client answers pings only while its test reads
    /// from it, and may have to wait for others, dead connections are detected late.
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            linked: false,
            launch: Launch::default(),
        }
        .with("PARLOR_LIMITS", "off")
        .with("PARLOR_PONG_TIMEOUT_MS", "600000")
    }
}

impl Settings {
    /// Sets an environment variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Restores the default limits.
    #[must_use]
    pub fn limited(mut self) -> Self {
        self.environment.remove("PARLOR_LIMITS");
        self
    }

    /// Uses this many database connections, all open from the start.
    #[must_use]
    pub fn pool_of(self, connections: u32) -> Self {
        let connections = connections.to_string();
        self.with("CORE_DB_POOL_MIN", &connections)
            .with("CORE_DB_POOL_MAX", &connections)
    }

    /// Limits the file descriptors, including sockets.
    #[must_use]
    pub fn descriptors(mut self, most: u32) -> Self {
        self.launch.descriptors = Some(most);
        self
    }

    /// Starts another program of this package instead of `parlor`.
    pub(crate) fn program(mut self, name: &'static str) -> Self {
        self.launch.program = Some(name);
        self
    }

    /// Starts the server with extensions for tests instead of `parlor`, with those of these names switched
    /// on.
    #[must_use]
    pub fn extended(self, on: &[&str]) -> Self {
        let program = self.program("extended");
        on.iter().fold(program, |settings, name| {
            settings.with(&format!("PARLOR_{}", name.to_uppercase()), "on")
        })
    }

    /// Adds an extension with this mistake to the server with extensions.
    #[must_use]
    pub fn mistaken(self, mistake: &str) -> Self {
        self.program("extended").with("EXTENDED_WRONG", mistake)
    }

    /// Starts the server with the extensions `tally`, `latest` and `echo` instead of `parlor`.
    #[must_use]
    pub fn followers(self) -> Self {
        self.program("followers")
    }

    /// Puts a [`Link`](crate::Link) in front of the database, if it is PostgreSQL.
    #[must_use]
    pub fn linked(mut self) -> Self {
        self.linked = true;
        self
    }
}
