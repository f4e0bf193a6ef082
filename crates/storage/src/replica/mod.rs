//! Read replicas: standbys of a database on PostgreSQL that may answer reads in its place.
//!
//! A replica is a named database of its own, with a pool, a probe and a state, but without lanes,
//! migrations and a lock. [`crate::Registry::database`] returns no handle on it:
//! [`crate::Database::read_spread`] of its primary asks it, with a short time limit and without
//! waiting for a connection, and uses the answer only if it is no older than what the primary had.

mod circuit_breaker;
mod lag;
mod outcome;
mod problem;
mod read_replica;
mod replicas;
mod server_status;
mod try_read;

pub use outcome::ReplicaOutcome;
pub(crate) use read_replica::ReadReplica;
pub(crate) use replicas::Replicas;
pub(crate) use server_status::{NO_STANDBY, standby_status};
