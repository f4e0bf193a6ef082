//! Backup, restore, and the new epoch that tells clients of a restore.
//!
//! A backup is a consistent copy of a SQLite store, taken while others read and write it. A restore
//! puts such a copy in the store's place and gives it a new epoch in the same step, so that no
//! crash leaves old data under the epoch of what was there before. A copy that somebody puts back
//! by hand is noticed at the next start by the mark beside the file. PostgreSQL has tools of its
//! own for all but the epoch, and a mark of its own that notices what they put back.

mod error;
mod examine;
mod file_copy;
mod new_epoch;
mod place;
mod restore;

pub use crate::config::Watermark;
pub use error::BackupError;
pub(crate) use file_copy::copy_on;
pub use file_copy::{FileCopy, Progress};
pub use new_epoch::new_epoch;
pub use restore::{Restore, Restored};
