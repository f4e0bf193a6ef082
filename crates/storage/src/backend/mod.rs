//! What differs between the two databases: connecting, transactions, and SQLite's files.

mod file_identity;
mod identifier;
mod inspect;
pub(crate) mod postgres;
pub(crate) mod served_as;
pub(crate) mod sqlite;
mod transaction;
pub(crate) mod wal;
mod wal_recovery;

pub(crate) use file_identity::FileIdentity;
pub(crate) use identifier::identifier;
pub(crate) use inspect::{APPLICATION_ID, application_id, damage, inspect, untouched};
pub(crate) use transaction::refuse_writes;
pub(crate) use wal_recovery::recover_log;
