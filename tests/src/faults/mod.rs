//! The faults that a server must survive while people chat; in the end all clients and the database
//! must agree on every message.
//!
//! A trial causes a fault, lets it last, ends it, and returns a [`Report`] that says whether the
//! delivery contract held. The short forms are tests of the system suite, the long ones are the
//! [`TRIALS`] of `just torture`.

mod database;
mod disk;
mod log;
mod people;
mod report;
mod scene;
mod second_database;
mod subscriber;
mod trials;

pub use database::{black_hole, deaf, hung, killed_connections, locked, restarted, slow, stopped};
pub use disk::{failed_sync, full_disk};
pub use log::blocked_log;
pub use people::{half_open, no_descriptors};
pub use report::Report;
pub use scene::Size;
pub use second_database::{beside_away, beside_hidden, beside_lost_later};
pub use subscriber::{Misbehaviour, Rank, misbehaving};
pub use trials::{TRIALS, Trial};
