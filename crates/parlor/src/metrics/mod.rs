//! What the binary adds to the page of metrics: the process, and the databases it opened.

mod process;
mod storage;

pub(crate) use process::ProcessMetrics;
pub(crate) use storage::StorageMetrics;
