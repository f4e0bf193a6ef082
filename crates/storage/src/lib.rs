//! Named databases: one pool each, write lanes with group commit, migrations, retry, health.
//!
//! Everything that touches a database goes through [`Database`]: reads borrow a pooled connection
//! inside a read-only snapshot; every write is a [`Job`] handed to a write lane, which commits what
//! waits as one transaction, puts the facts on the bus and then answers. One text of each query
//! ([`query!`], [`statement!`]) serves SQLite and PostgreSQL. It knows no chat.

mod access;
mod asker;
pub mod backup;
mod batch;
mod carry;
mod checkpoint;
mod clock_watch;
mod config;
mod control;
mod counters;
mod database;
mod durability;
mod envelope;
mod error;
mod fault;
mod file_watch;
mod fold;
mod gate;
mod gather;
mod health;
mod histogram;
mod identity;
mod inspect;
mod job;
mod journey;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
mod lane;
mod lane_blocked;
mod last_error;
mod links;
pub mod list;
mod lock;
mod locks;
mod macros;
mod metrics;
mod migrate;
mod parts;
mod pool;
mod postgres;
mod probe;
mod queue;
mod read;
mod refusals;
mod registry;
mod replica;
mod rescue;
mod seat;
mod served_as;
mod slot;
mod sqlite;
mod state;
mod step;
mod store_info;
#[cfg(test)]
mod tests;
mod transaction;
pub mod transfer;

pub use access::{Access, Backend, Connection, Reader, Writer};
pub use clock_watch::{ClockTrust, ClockWatch};
pub use config::{DatabaseConfig, Migrations, ReplicaOf, Url};
pub use control::ControlError;
pub use database::Database;
pub use durability::{DurabilityLoss, DurabilityLost};
pub use error::{Fault, JobError, StorageError};
pub use histogram::HistogramSnapshot;
pub use job::{Job, LaneKey, SetAnswers};
pub use metrics::{DatabaseMetrics, LaneMetrics, PoolMetrics, ReplicaMetrics};
pub use registry::{OpenError, Registry};
pub use replica::ReplicaOutcome;
pub use state::{DatabaseChanged, DatabaseState};
pub use store_info::StoreEpochChanged;

#[doc(hidden)]
pub mod reexport {
    pub use diesel;
    pub use diesel_async;
}

/// What a query module imports: diesel's prelude without its `RunQueryDsl`, which [`query!`] and
/// [`statement!`] bring in themselves, the right one for each backend.
pub mod prelude {
    pub use crate::list::ListExpressionMethods as _;
    pub use crate::{Access, Fault, Job, JobError, LaneKey, Reader, Writer, query, statement};
    pub use diesel::upsert::excluded;
    pub use diesel::{
        AsChangeset, BoolExpressionMethods as _, CombineDsl as _, ExpressionMethods as _,
        Insertable, IntoSql as _, JoinOnDsl as _, NullableExpressionMethods as _,
        OptionalExtension as _, QueryDsl as _, Queryable, QueryableByName, Selectable,
        SelectableHelper as _, TextExpressionMethods as _, allow_tables_to_appear_in_same_query,
        joinable, table,
    };
}
