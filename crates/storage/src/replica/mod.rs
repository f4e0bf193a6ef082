//! Read replicas: standbys of a database on PostgreSQL that may answer reads in its place.
//!
//! A replica is a named database of its own, with a pool, a probe and a state, and without
//! lanes, migrations and a lock. [`crate::Registry::database`] gives no handle on it: its primary's
//! [`crate::Database::read_spread`] asks it, with a short time limit and without waiting in line,
//! and believes it only when what it tells is no older than what the primary has told.

mod lag;
mod mirror;
mod outcome;
mod read;
mod replicas;
mod rest;
mod signs;

pub(crate) use mirror::Mirror;
pub use outcome::ReplicaOutcome;
pub(crate) use replicas::Replicas;
pub(crate) use signs::{NO_STANDBY, of_standby};
