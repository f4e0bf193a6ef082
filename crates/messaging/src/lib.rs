//! Sending, editing, deleting, reactions, history, read markers.
//!
//! Everything others may use is in [`api`]; the binary makes a [`Deps`] and calls
//! [`wire`] before the bus starts, and [`tasks`] after it. Commands become storage jobs
//! in their room's lane, reads run beside them in one snapshot each. Its tables hold only what the
//! room log lacks: the state of edited and deleted messages, reactions, markers; a plain send
//! writes none of them. It keeps no truth in memory.

pub mod api;
mod deps;
mod jobs;
mod queries;
mod settings;
mod store;
mod subscriber;
mod timers;
mod validate;
mod wiring;

pub use deps::{Clock, Deps};
pub use queries::Queries;
pub use settings::Settings;
pub use subscriber::Messaging;
pub use timers::tasks;
pub use wiring::wire;
