//! What the binary adds to the page of metrics: the process, and the databases it opened.

mod process;
mod storage;

pub(crate) use process::Process;
pub(crate) use storage::Storage;
