//! The log writer: checks what members may write into rooms' logs, and writes it.

mod append_batch;
pub(crate) mod fingerprint;
mod mentions;
pub(crate) mod permissions;
mod staged;

pub(crate) use append_batch::AppendBatch;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use mentions::Mentions;
pub(crate) use staged::Staged;
