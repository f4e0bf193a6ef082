//! The bus's limits.

use std::time::Duration;

/// The bus's limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Events and ordered requests from outside under way at once. Default 1,024. Too low: sockets
    /// wait although the database is idle. Too high: memory under overload, longer queues.
    pub credits: usize,
    /// How long one handler call may take. Default 2 s. Too low: a slow disk rebuilds subscribers;
    /// too high: a stuck handler holds everyone up for that long.
    pub handler_limit: Duration,
    /// Events an isolated subscriber may be behind before it is told what it missed. Default 4,096.
    pub ring: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credits: 1024,
            handler_limit: Duration::from_secs(2),
            ring: 4096,
        }
    }
}
