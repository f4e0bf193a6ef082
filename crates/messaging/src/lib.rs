//! Sending, editing, deleting, reactions, history, read markers.
//!
//! Other crates use [`api`]. The binary creates a [`Deps`], calls [`wire`] before the bus starts and
//! [`tasks`] after it. Commands become storage jobs in their room's lane; reads run concurrently, each in
//! one snapshot. The tables of messaging hold only what the room log lacks: the state of edited and
//! deleted messages, reactions, read markers. Sending a message writes none of them. Messaging keeps no
//! state in memory.

pub mod api;
mod deps;
mod emoji;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod jobs;
mod queries;
mod settings;
mod store;
mod subscriber;
mod timers;
mod wiring;

pub use crate::settings::Settings;
pub use deps::Deps;
pub use queries::Queries;
pub use store::TABLES;
pub use subscriber::Messaging;
pub use timers::tasks;
pub use wiring::wire;
