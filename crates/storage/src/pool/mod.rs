//! The connections of one database: bb8 behind a fair gate, and the care for a SQLite file that
//! needs them.

mod backend_pool;
mod checkpoint;
mod connection_pool;
mod file_watch;
mod gate;
mod lease;
mod postgres_connector;
mod read_queue;
mod rescue;
mod sqlite_connector;

pub(crate) use connection_pool::{ConnectionPool, not_open};
pub(crate) use file_watch::FileWatch;
pub(crate) use gate::{AcquireRequest, Gate};
pub(crate) use lease::{AnyLease, Lease};
pub(crate) use read_queue::{ReadQueue, Ticket};
