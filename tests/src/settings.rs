//! What a server is started with.

use crate::launch::Launch;
use std::collections::BTreeMap;

/// The environment a server is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) linked: bool,
    pub(crate) launch: Launch,
}

impl Default for Settings {
    /// Rates and connection counts beyond reach. A client answers pings only while its test reads from
    /// it, and may have to wait for others, so it is given up late.
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
    /// The same with this variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With the limits as they are for everyone.
    #[must_use]
    pub fn limited(mut self) -> Self {
        self.environment.remove("PARLOR_LIMITS");
        self
    }

    /// With so many connections to the database, all there from the start.
    #[must_use]
    pub fn pool_of(self, connections: u32) -> Self {
        let connections = connections.to_string();
        self.with("CORE_DB_POOL_MIN", &connections)
            .with("CORE_DB_POOL_MAX", &connections)
    }

    /// With so many file descriptors, sockets included.
    #[must_use]
    pub fn descriptors(mut self, most: u32) -> Self {
        self.launch.descriptors = Some(most);
        self
    }

    /// Another program of this package instead of `parlor`.
    pub(crate) fn program(mut self, name: &'static str) -> Self {
        self.launch.program = Some(name);
        self
    }

    /// With a [`Link`](crate::Link) before the database, if it is PostgreSQL.
    #[must_use]
    pub fn linked(mut self) -> Self {
        self.linked = true;
        self
    }
}
