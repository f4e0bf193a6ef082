//! The binary's own metrics: the process and its databases.

mod process;
mod storage;

pub(crate) use process::ProcessMetrics;
pub(crate) use storage::StorageMetrics;
