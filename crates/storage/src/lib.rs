//! Named databases: one pool each, write lanes with group commit, migrations, retries, health.
//!
//! Everything that touches a database goes through [`Database`]: reads borrow a pooled connection
//! inside a read-only snapshot; every write is a [`Job`] handed to a write lane, which commits the
//! waiting jobs as one transaction, puts their facts on the bus and then answers. One text of each
//! query ([`query!`], [`statement!`]) serves SQLite and PostgreSQL. This crate knows nothing about
//! chat.
//!
//! ```
//! use bus::{Builder, Settings, Tasks};
//! use std::{convert::Infallible, time::Duration};
//! use storage::prelude::*;
//! use storage::{DatabaseConfig, Migrations, Registry, Url};
//! use tokio_util::sync::CancellationToken;
//!
//! table! {
//!     notes (id) {
//!         id -> BigInt,
//!         body -> Text,
//!     }
//! }
//!
//! /// Writes a note.
//! struct AddNote(&'static str);
//!
//! impl Job for AddNote {
//!     const NAME: &'static str = "notes.add";
//!     type Answer = ();
//!     type Refusal = Infallible;
//!
//!     fn lane(&self) -> LaneKey {
//!         LaneKey(0)
//!     }
//!
//!     async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
//!         statement!(tx, |c| diesel::insert_into(notes::table)
//!             .values(notes::body.eq(self.0))
//!             .execute(c))
//!         .map_err(Fault::from)?;
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let first = folder.path().join("migrations/sqlite/2026-01-01-000001_notes");
//! std::fs::create_dir_all(&first)?;
//! std::fs::write(first.join("up.sql"), "
//!     CREATE TABLE storage_meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
//!     CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
//! ")?;
//!
//! let tasks = Tasks::new(CancellationToken::new());
//! let mut builder = Builder::new(Settings::default(), &tasks);
//! storage::wire(&mut builder);
//! let registry = Registry::new(builder.bus(), tasks.clone());
//! let url = Url::Sqlite(folder.path().join("notes.db"));
//! let migrations = Migrations::Folder(folder.path().join("migrations"));
//! let database = registry.open(DatabaseConfig::new("notes", url, migrations)).await?;
//! let running = builder.start().await?;
//!
//! let Ok(()) = database.write(AddNote("read me"), Duration::from_secs(5)).await?;
//! let bodies: Vec<String> = database
//!     .read("notes.all", |reader| {
//!         Box::pin(async move {
//!             Ok(query!(reader, |c| notes::table.select(notes::body).load(c))?)
//!         })
//!     })
//!     .await?;
//! assert_eq!(bodies, ["read me"]);
//!
//! registry.close(Duration::from_secs(1)).await;
//! running.stop(Duration::from_secs(1)).await;
//! # Ok(())
//! # }
//! ```

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
mod settings;
#[cfg(test)]
mod tests;
mod timeline;
pub mod transfer;
mod watermark;
mod wiring;
mod writes;

pub use crate::settings::DatabaseSettings;
pub use backend::postgres::{PostgresUrl, UrlError};
pub use config::{DatabaseConfig, Migrations, ReplicaOf, Url};
pub use database::Database;
pub use error::{Fault, JobError, OpenError, StorageError};
pub use health::{
    ClockTrust, ClockWatch, DatabaseChanged, DatabaseMetrics, DatabaseState, DurabilityLossKind,
    DurabilityLost, HistogramSnapshot, LaneMetrics, PoolMetrics, ReplicaMetrics, StoreEpochChanged,
};
pub use query::{Access, Backend, Connection, Reader, Writer, epoch, list};
pub use registry::{ControlError, Registry};
pub use replica::ReplicaOutcome;
pub use wiring::wire;
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
