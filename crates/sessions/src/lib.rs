//! Accounts, guests, tokens, who is connected as whom, and presence.
//!
//! Everything others may use is in [`api`]; the tables `users` and `sessions` are this crate's own.
//! The binary makes a [`Deps`], calls [`wire`] before the bus starts and [`tasks`] after.
//!
//! What it promises: a name belongs to one living person, however it is spelled; a token is known
//! to its client and, as a hash, to storage; who is marked as connected in storage counts as online
//! until a grace has passed, across a restart too. Rooms and memberships are left to others.

mod actions;
pub mod api;
mod clock;
mod deps;
mod hasher;
mod hello;
mod hmac;
mod jobs;
mod jwt;
mod limiter;
mod name;
mod presence;
mod queries;
mod random;
mod rate_limits;
mod secret;
mod settings;
mod store;
mod subscriber;
mod sweep;
#[cfg(test)]
mod tests;
mod timers;
mod wiring;

pub use actions::probe;
pub use clock::{Clock, SystemClock};
pub use deps::Deps;
pub use jwt::{JwtKey, JwtSettings, WeakSecret};
pub use queries::Queries;
pub use random::{Random, SystemRandom};
pub use settings::{InviteCode, Registration, Settings};
pub use subscriber::Sessions;
pub use timers::tasks;
pub use wiring::wire;
