//! Accounts, guests, tokens, who is connected as whom, and presence.
//!
//! Other crates use [`api`]; the tables `users`, `sessions`, `profiles` and `pictures` belong to this crate. The binary
//! creates a [`Deps`], calls [`wire`] before the bus starts and [`tasks`] after that.
//!
//! Guarantees: a name belongs to one user who has not ended, however it is spelled; only the client
//! knows a token, storage knows its hash; a user who is marked as connected in storage counts as
//! online until a grace period has passed, also across a restart. Rooms and memberships belong to
//! other crates.

mod actions;
pub mod api;
mod deps;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod hasher;
mod hello;
mod jobs;
mod jws;
mod jwt;
mod keyed_limiter;
mod name;
mod password;
mod presence;
mod profile;
mod queries;
mod random;
mod rate_limits;
mod secret;
mod seen_sessions;
mod settings;
mod store;
mod subscriber;
mod sweep;
#[cfg(test)]
mod tests;
mod timers;
mod wiring;

pub use crate::settings::{InviteCode, Registration, Settings};
pub use actions::actions;
pub use deps::Deps;
pub use jwt::{JwtKey, JwtSettings, WeakSecret};
pub use queries::Queries;
pub use random::{Random, SystemRandom};
pub use store::TABLES;
pub use subscriber::Sessions;
pub use timers::tasks;
pub use wiring::wire;
