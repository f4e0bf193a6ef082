//! What the operator decides about rooms.

use std::time::Duration;

/// Everything about rooms that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Rooms one user may be a member of, direct ones included. Default 128. Too low: people have
    /// to leave a room to enter another; too high: every `hello` of such a user reads and replays
    /// that many.
    pub rooms_max: usize,
    /// People named in the online list of one room (`join`, `presence`). Default 100. Too low:
    /// pages show few of those who are there; too high: joining a large room costs every client
    /// kilobytes.
    pub presence_max: usize,
    /// Reads (`log`, `members`, holes in the fan-out) under way at once. Default 8. Too low: pages
    /// wait although the database is idle; too high: reads take all the connections and commits
    /// wait for one.
    pub reads_max: usize,
    /// Entries older than this are taken out of their room's log, all but its last one; zero: none
    /// are. Default zero. Too low: people miss what they have not read; too high: the database
    /// grows.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rooms_max: 128,
            presence_max: 100,
            reads_max: 8,
            retention: Duration::ZERO,
        }
    }
}
