//! What differs between the two databases: connecting, transactions, and SQLite's files.

mod file_identity;
mod inspect;
mod log_recovery;
pub(crate) mod postgres;
pub(crate) mod served_as;
pub(crate) mod sqlite;
mod transaction;
pub(crate) mod wal;

pub(crate) use file_identity::FileIdentity;
pub(crate) use inspect::{APPLICATION_ID, application_id, damage, inspect, untouched};
pub(crate) use log_recovery::recover_log;
pub(crate) use transaction::refuse_writes;
