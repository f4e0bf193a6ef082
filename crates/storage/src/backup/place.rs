//! Putting files in place so that a crash leaves the old or the new one, never half of each.

use super::BackupError;
use std::fs::File;
use std::io;
use std::path::Path;

/// Gives a finished file its name, unless a file has that name by now.
pub(super) fn place(finished: &Path, target: &Path) -> Result<(), BackupError> {
    let placed = match std::fs::hard_link(finished, target) {
        Ok(()) => std::fs::remove_file(finished),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(BackupError::Exists(target.to_owned()));
        }
        // The file system has no hard links.
        Err(_) if !target.exists() => std::fs::rename(finished, target),
        Err(error) => Err(error),
    };
    placed.map_err(BackupError::file(target))
}

/// Gives the file a second name, or makes a copy where there are no hard links.
pub(super) fn keep_as(file: &Path, kept: &Path) -> Result<(), BackupError> {
    match std::fs::hard_link(file, kept) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(BackupError::Exists(kept.to_owned()))
        }
        Err(_) => std::fs::copy(file, kept)
            .and_then(|_| File::open(kept)?.sync_all())
            .map_err(BackupError::file(kept)),
    }
}

/// Syncs the directory of this file, so that its names survive a power cut.
pub(super) fn sync_directory(of: &Path) -> Result<(), BackupError> {
    let directory = match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(BackupError::file(directory))
}
