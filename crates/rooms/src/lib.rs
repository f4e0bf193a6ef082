//! Rooms, members, roles, and each room's log.
//!
//! Other crates use [`api`]. The tables `rooms`, `members`, `bans`, `invitations`, `mutes`, `entries`,
//! `room_ages` and `room_links` belong to this crate, and only [`api::log`] writes entries. The binary creates a
//! [`Deps`], calls [`create_general`] once the database is open, [`wire`] before the bus starts and
//! [`tasks`] after it.
//!
//! Guarantees: an entry gets its room's next `seq` in the transaction that stores it; rights are checked
//! in the same transaction, under the room's lock; a refused command writes nothing; a command whose
//! effect exists already answers with the entry that caused it and writes nothing. Sessions knows who
//! is online and who people are; messaging knows what messages mean.

pub mod api;
mod deps;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
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

pub use crate::settings::{Quotas, Settings};
pub use deps::{Deps, RandomBytes};
pub use queries::Queries;
pub use retention::forget;
pub use store::TABLES;
pub use subscriber::Rooms;
pub use timers::tasks;
pub use wiring::{create_general, wire};
