//! The log_writer: what may be written into rooms' logs, and the writing itself.

mod append_batch;
pub(crate) mod fingerprint;
mod mentions;
pub(crate) mod permissions;
mod staged;

pub(crate) use append_batch::AppendBatch;
pub(crate) use staged::Staged;
