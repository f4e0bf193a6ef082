//! The lock on a store: one server at a time, unless several nodes are configured.

mod advisory;
mod file_claim;
mod lock_file;
mod role;
mod store_lock;

pub(crate) use file_claim::OpenFile;
pub(crate) use store_lock::StoreLock;
