//! Counts messages per room and hour, active users per day, and how long sends take.
//!
//! An isolated subscriber with its own database, usually `analytics`: chat neither waits for it nor
//! notices if either is unavailable. It keeps a cursor per room log beside the counts and moves
//! both in one transaction, so that each entry counts once. Missed entries are read from the logs;
//! all of them, if its database is new or the logs belong to another store. Only send durations are
//! not in the logs: those that were missed are lost.

mod counter;
mod counts;
mod deps;
mod inbox;
mod jobs;
mod latency;
mod probe;
mod report;
mod store;
mod subscriber;
mod wiring;

/// The name of its database in the configuration.
pub const DATABASE: &str = "analytics";

pub use deps::Deps;
pub use subscriber::Analytics;
pub use wiring::{probe, tasks, wire};
