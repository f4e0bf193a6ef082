//! Which files belong to an embedded store. Others may stand beside it, even with names that begin
//! alike: they are not ours to require or to touch.

use std::path::{Path, PathBuf};

/// What the names of the files that a server opens add to the store's: the store itself, SQLite's
/// log with its index, the journal of a store that has no log yet, the lock, and the mark with its
/// successor.
const OPENED: [&str; 7] = [
    "",
    "-wal",
    "-shm",
    "-journal",
    ".lock",
    ".mark",
    ".mark.new",
];

/// What the names of copies that Parlor keeps beside a store add to it, before a time.
const KEPT: [&str; 2] = [".moved-", ".before-restore-"];

/// Returns the files that a server on this store opens, those that exist.
pub(crate) fn opened(store: &Path) -> Vec<PathBuf> {
    let paths = OPENED.iter().map(|suffix| {
        let mut name = store.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    paths.filter(|path| path.is_file()).collect()
}

/// Returns the copies of earlier stores that Parlor has kept beside this one.
pub(crate) fn kept(store: &Path) -> Vec<PathBuf> {
    let Some(name) = store.file_name() else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder_of(store)).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let kept = paths.filter(|path| {
        let added = path.file_name().and_then(|other| {
            let other = other.as_encoded_bytes();
            std::str::from_utf8(other.strip_prefix(name.as_encoded_bytes())?).ok()
        });
        added.is_some_and(is_of_a_copy) && path.is_file()
    });
    kept.collect()
}

/// Returns the directory of a store.
pub(crate) fn folder_of(store: &Path) -> &Path {
    let folder = store.parent().unwrap_or(Path::new("."));
    if folder.as_os_str().is_empty() {
        return Path::new(".");
    }
    folder
}

/// Whether a copy's name adds this to its store's: a time, and `-wal` for the log of a store that
/// was too damaged to be opened.
fn is_of_a_copy(added: &str) -> bool {
    let time = KEPT.iter().find_map(|begins| added.strip_prefix(begins));
    let time = time.map(|time| time.strip_suffix("-wal").unwrap_or(time));
    time.is_some_and(|time| {
        !time.is_empty()
            && time
                .bytes()
                .all(|b| b.is_ascii_digit() || b"TZ".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::is_of_a_copy;

    #[test]
    fn a_copy_has_a_time_in_its_name() {
        for added in [
            ".moved-1796105416",
            ".before-restore-20261201T051016Z",
            ".before-restore-20261201T051016Z-wal",
        ] {
            assert!(is_of_a_copy(added), "{added}");
        }
        for added in [
            ".bak",
            ".moved-",
            ".moved-home",
            ".before-restore-notes",
            "-wal",
        ] {
            assert!(!is_of_a_copy(added), "{added}");
        }
    }
}
