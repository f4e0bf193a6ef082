//! Rooms, members, roles, and each room's log.
//!
//! Everything others may use is in [`api`]; the tables `rooms`, `members`, `bans`, `invitations` and
//! `entries` are this crate's own, and [`api::log`] is the only log writer that writes a room's log. The
//! binary makes a [`Deps`], calls [`create_general`] once the database is open and [`wire`] before the bus
//! starts.
//!
//! What it promises: an entry's place is its room's next, given in the transaction that stores it;
//! rights are read in that transaction too, under the room's lock; a refusal writes nothing; a
//! command that finds its wish fulfilled says since when and writes nothing. Who is online, and
//! who someone is, is left to sessions; what messages are about, to messaging.

pub mod api;
mod deps;
mod jobs;
mod log_writer;
mod page;
mod queries;
mod retention;
mod settings;
mod store;
mod subscriber;
mod timers;
mod validate;
mod wiring;

pub use deps::{Clock, Deps, Random, Uptime};
pub use queries::Queries;
pub use retention::forget;
pub use settings::{Quotas, Settings};
pub use subscriber::Rooms;
pub use timers::tasks;
pub use wiring::{create_general, wire};
