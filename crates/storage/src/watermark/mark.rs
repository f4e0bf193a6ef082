//! The mark: a small file beside a SQLite database that says how far the database had come, and
//! under which epoch.
//!
//! It is written after the commit it describes, completely or not at all; so it may be behind the
//! database and is never ahead of it, whenever the process or the machine dies. A database that is
//! behind its mark is therefore an older copy.

use crate::backend::sqlite::beside;
use crate::{DatabaseConfig, OpenError};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// How far a database has come.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct Mark {
    /// The epoch in the database.
    #[diesel(sql_type = Text)]
    pub(crate) epoch: String,
    /// The highest row of the watched table, 0 if it is empty; on PostgreSQL the count in the
    /// mark's row.
    #[diesel(sql_type = BigInt)]
    pub(crate) rowid: i64,
}

impl Mark {
    /// Reads the mark of what is committed in the database. Blocks.
    pub(crate) fn of(connection: &mut SqliteConnection, table: &str) -> QueryResult<Self> {
        sql_query(format!(
            "SELECT value AS epoch, (SELECT coalesce(max(rowid), 0) FROM \"{table}\") AS rowid
             FROM storage_meta WHERE key = 'epoch'"
        ))
        .get_result(connection)
    }

    /// Reads the mark beside the store. One that cannot be read counts as none. Blocks.
    pub(crate) fn read(store: &Path) -> Option<Self> {
        let file = beside(store, SUFFIX);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "could not read the mark file");
                return None;
            }
        };
        let mark = Self::parse(&text);
        if mark.is_none() {
            tracing::warn!(file = %file.display(), "the mark file is malformed; a new one will be written");
        }
        mark
    }

    /// Returns why no new store may be created at this path: there was one, and its file is
    /// missing.
    fn missing(store: &Path) -> Option<String> {
        let is_there = std::fs::metadata(store).map_or_else(
            |error| error.kind() != io::ErrorKind::NotFound,
            |file| file.len() > 0,
        );
        let mark = beside(store, SUFFIX);
        if is_there || !mark.exists() {
            return None;
        }
        let mark = mark.display();
        Some(format!(
            "it is missing or empty, and was served here before; put it back, restore a backup, \
             or remove {mark} to start with an empty database"
        ))
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        Some(Self {
            epoch: value["epoch"].as_str()?.to_owned(),
            rowid: value["rowid"].as_i64()?,
        })
    }

    /// Writes the mark beside the store, completely or not at all. One writer at a time. Blocks.
    pub(crate) fn write(&self, store: &Path) -> io::Result<()> {
        let (new, place) = (beside(store, NEW), beside(store, SUFFIX));
        let mut file = File::create(&new)?;
        writeln!(
            file,
            "{}",
            json!({ "epoch": self.epoch, "rowid": self.rowid })
        )?;
        file.sync_all()?;
        std::fs::rename(new, place)
    }

    /// Whether a database that is at `now` continues from this mark. Another epoch cannot be
    /// compared, and whoever changes it writes the mark before anyone is served.
    pub(crate) fn is_followed_by(&self, now: &Self) -> bool {
        self.epoch == now.epoch && self.rowid <= now.rowid
    }
}

/// Fails if a new store would be created in the place of one whose file is missing. Blocks.
pub(crate) fn refuse_missing(store: &Path, config: &DatabaseConfig) -> Result<(), OpenError> {
    Mark::missing(store).map_or(Ok(()), |why| Err(config.unusable(&why)))
}

const SUFFIX: &str = ".mark";
const NEW: &str = ".mark.new";

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(epoch: &str, rowid: i64) -> Mark {
        Mark {
            epoch: epoch.to_owned(),
            rowid,
        }
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("core.db");
        assert_eq!(Mark::read(&store), None);
        mark("e", 1).write(&store).unwrap();
        mark("e", 2).write(&store).unwrap();
        assert_eq!(Mark::read(&store), Some(mark("e", 2)));
    }

    #[test]
    fn a_mark_that_makes_no_sense_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("core.db");
        for text in ["", "{", "[]", r#"{"epoch":"e"}"#] {
            std::fs::write(beside(&store, SUFFIX), text).unwrap();
            assert_eq!(Mark::read(&store), None, "{text}");
        }
    }

    #[test]
    fn a_database_goes_on_when_it_has_the_epoch_and_all_the_rows() {
        assert!(mark("e", 5).is_followed_by(&mark("e", 5)));
        assert!(mark("e", 5).is_followed_by(&mark("e", 6)));
        assert!(!mark("e", 5).is_followed_by(&mark("e", 4)));
        assert!(!mark("e", 5).is_followed_by(&mark("f", 6)));
    }
}
