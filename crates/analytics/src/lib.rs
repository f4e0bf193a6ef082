//! Counts what is said: messages per room and hour, active users per day, how long a send took.
//!
//! An isolated subscriber with a database of its own, usually `analytics`: chat neither waits for
//! it nor notices when either is gone. It keeps a cursor per room log beside its counts, moved in
//! the same transaction, so that each entry counts once: what it missed it reads again from the
//! logs, and all of it when its database is new or the logs are those of another store. Only how
//! long sends took is not in the logs: what was missed of that is missing.

mod counter;
mod counts;
mod deps;
mod desk;
mod jobs;
mod latency;
mod probe;
mod report;
mod store;
mod subscriber;
mod wiring;

/// What its database is called.
pub const DATABASE: &str = "analytics";

pub use deps::{Clock, Deps};
pub use subscriber::Analytics;
pub use wiring::{probe, tasks, wire};
