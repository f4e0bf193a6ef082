//! Named databases: one pool each, write lanes with group commit, migrations, retries, health.
//!
//! Everything that touches a database goes through [`Database`]: reads borrow a pooled connection
//! inside a read-only snapshot; every write is a [`Job`] handed to a write lane, which commits the
//! waiting jobs as one transaction, puts their facts on the bus and then answers. One text of each
//! query ([`query!`], [`statement!`]) serves SQLite and PostgreSQL. This crate knows nothing about
//! chat.

mod backend;
pub mod backup;
mod config;
mod database;
mod error;
mod health;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
mod lock;
mod migrate;
mod pool;
mod query;
mod registry;
mod replica;
#[cfg(test)]
mod tests;
pub mod transfer;
mod watermark;
mod writes;

pub use config::{DatabaseConfig, Migrations, ReplicaOf, Url};
pub use database::Database;
pub use error::{Fault, JobError, OpenError, StorageError};
pub use health::{
    ClockTrust, ClockWatch, DatabaseChanged, DatabaseMetrics, DatabaseState, DurabilityLoss,
    DurabilityLost, HistogramSnapshot, LaneMetrics, PoolMetrics, ReplicaMetrics, StoreEpochChanged,
};
pub use query::{Access, Backend, Connection, Reader, Writer, list};
pub use registry::{ControlError, Registry};
pub use replica::ReplicaOutcome;
pub use writes::{Job, LaneKey, SetAnswers};

#[doc(hidden)]
pub mod reexport {
    pub use diesel;
    pub use diesel_async;
}

/// What a query module imports: diesel's prelude without its `RunQueryDsl`, which [`query!`] and
/// [`statement!`] import themselves, the right one for each backend.
pub mod prelude {
    pub use crate::list::ListExpressionMethods as _;
    pub use crate::{
        Access, Fault, Job, JobError, LaneKey, Reader, Writer, query, statement, stored_table,
    };
    pub use diesel::upsert::excluded;
    pub use diesel::{
        AsChangeset, BoolExpressionMethods as _, CombineDsl as _, ExpressionMethods as _,
        Insertable, IntoSql as _, JoinOnDsl as _, NullableExpressionMethods as _,
        OptionalExtension as _, QueryDsl as _, Queryable, QueryableByName, Selectable,
        SelectableHelper as _, TextExpressionMethods as _, allow_tables_to_appear_in_same_query,
        joinable, table,
    };
}
