//! Whether the file that is served is still the one at its path.
//!
//! A connection never notices that its file was moved, removed or replaced: it keeps the open file,
//! and whatever it writes is lost with it. The same is true of SQLite's log (`-wal`) and of the
//! index of the log (`-shm`).

use crate::backend::FileIdentity;
use crate::backend::sqlite::beside;
use crate::lock::OpenFile;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The files that were opened, to be compared with those at their paths.
pub(crate) struct FileWatch {
    store: PathBuf,
    file: FileIdentity,
    open: Option<OpenFile>,
    /// The log and its index; set once a connection has created them.
    beside: OnceLock<Vec<(PathBuf, FileIdentity)>>,
}

impl FileWatch {
    /// Starts to watch a file that exists and is locked.
    pub(crate) fn of(store: &Path, open: Option<OpenFile>) -> io::Result<Self> {
        let file = match &open {
            Some(open) => open.identity()?,
            None => FileIdentity::at(store)?,
        };
        let file = file.ok_or(io::ErrorKind::NotFound)?;
        Ok(Self {
            store: store.to_owned(),
            file,
            open,
            beside: OnceLock::new(),
        })
    }

    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// Starts to watch the log and its index too. A connection must be open, which keeps them.
    pub(crate) fn watch_log(&self) {
        let files = ["-wal", "-shm"].map(|suffix| beside(&self.store, suffix));
        let known = files
            .into_iter()
            .filter_map(|file| Some((file.clone(), FileIdentity::at(&file).ok()??)));
        let _ = self.beside.set(known.collect());
    }

    /// Fails with the reason if one of the files is no longer at its path. Costs three `stat`.
    pub(crate) fn check(&self) -> Result<(), String> {
        compare(&self.store, self.file)?;
        for (file, known) in self.beside.get().into_iter().flatten() {
            compare(file, *known)?;
        }
        Ok(())
    }

    /// Allocates disk space for a file of so many bytes.
    pub(crate) fn reserve(&self, bytes: u64) {
        if let Some(open) = &self.open {
            open.reserve(bytes);
        }
    }

    /// Whether the database itself is at its path, whatever became of its log.
    pub(crate) fn database_is_there(&self) -> bool {
        compare(&self.store, self.file).is_ok()
    }
}

/// Fails on an error of `stat` too: a volume that is gone may report anything.
fn compare(path: &Path, known: FileIdentity) -> Result<(), String> {
    let name = path.display();
    match FileIdentity::at(path) {
        Ok(Some(found)) if found == known => Ok(()),
        Ok(Some(_)) => Err(format!(
            "{name} was replaced by another file while it was served"
        )),
        Ok(None) => Err(format!("{name} is gone: writes would be lost")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::FileWatch;
    use std::fs;

    #[test]
    fn a_file_that_was_removed_replaced_or_lost_its_log_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        for file in ["core.db", "core.db-wal", "core.db-shm", "other"] {
            fs::write(name(file), file).unwrap();
        }
        let watch = FileWatch::of(&name("core.db"), None).unwrap();
        fs::rename(name("core.db-wal"), name("away")).unwrap();
        assert_eq!(watch.check(), Ok(()), "no connection has made a log yet");
        fs::rename(name("away"), name("core.db-wal")).unwrap();
        watch.watch_log();
        assert_eq!(watch.check(), Ok(()));

        fs::rename(name("core.db-shm"), name("away")).unwrap();
        assert!(watch.check().unwrap_err().contains("-shm is gone"));
        assert!(watch.database_is_there());
        fs::rename(name("away"), name("core.db-shm")).unwrap();
        assert_eq!(watch.check(), Ok(()));

        fs::rename(name("other"), name("core.db")).unwrap();
        assert!(watch.check().unwrap_err().contains("replaced"));
        assert!(!watch.database_is_there());
        fs::remove_file(name("core.db")).unwrap();
        assert!(watch.check().unwrap_err().contains("is gone"));
    }
}
