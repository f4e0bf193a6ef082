//! Under which name a SQLite file is being served, noted in the file itself.
//!
//! SQLite's log lies beside the name by which a file was opened. Opened by a second name (a hard
//! link) after a crash, the file would lack whatever is in that log. So the name is noted while a
//! server serves the file, and removed when it has closed it. A copy made by a backup is marked as
//! one, so that its clients start over even if somebody puts it in a store's place by hand.

use super::{sqlite, wal};
use crate::Fault;
use diesel::sql_types::Text;
use diesel::{
    OptionalExtension as _, QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection,
    sql_query,
};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What a copy contains instead of a name; it is no absolute path.
const COPY: &str = "copy";

const NOTE: &str = "INSERT INTO storage_meta (key, value) VALUES ('served_as', $1)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value";

#[derive(QueryableByName)]
struct ServedAs {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Notes that the file is served by this name, and moves the note into the file itself.
pub(crate) fn note(connection: &mut SqliteConnection, store: &Path) -> QueryResult<()> {
    write(connection, &name_of(store))?;
    wal::truncate(connection)
}

/// Removes the name: the file is closed, or about to be, and needs no log.
pub(crate) fn note_closed(connection: &mut SqliteConnection) -> QueryResult<()> {
    write(connection, "")
}

/// Marks the file as a copy of a store.
pub(crate) fn mark_as_copy(connection: &mut SqliteConnection) -> QueryResult<()> {
    write(connection, COPY)
}

/// Returns whether the file was marked as a copy, and removes the mark: it is an ordinary store
/// from now on.
pub(crate) fn unmark_copy(connection: &mut SqliteConnection) -> QueryResult<bool> {
    let was = read(connection)?.is_some_and(|value| value == COPY);
    if was {
        note_closed(connection)?;
    }
    Ok(was)
}

/// Returns why a file must not be opened by this name: it has several names, was last served by
/// another one, and was not closed.
pub(crate) fn name_conflict(store: &Path) -> Result<Option<String>, Fault> {
    if !std::fs::metadata(store).is_ok_and(|file| file.nlink() > 1 && file.len() > 0) {
        return Ok(None);
    }
    // Without the log: one beside this name must not be trusted yet.
    let target = sqlite::uri(store, "?immutable=1");
    let mut connection = sqlite::connect(&target).map_err(anyhow::Error::from)?;
    // A file without this table is no store; other checks refuse it.
    let served = read(&mut connection)
        .unwrap_or_default()
        .unwrap_or_default();
    if served.is_empty() || served == COPY || served == name_of(store) {
        return Ok(None);
    }
    Ok(Some(format!(
        "the same file is also {served}, was served by that name and not closed: the rest of its \
         data is in the log beside that name; start it by that name, or stop it there first"
    )))
}

fn write(connection: &mut SqliteConnection, value: &str) -> QueryResult<()> {
    sql_query(NOTE).bind::<Text, _>(value).execute(connection)?;
    Ok(())
}

fn read(connection: &mut SqliteConnection) -> QueryResult<Option<String>> {
    let row = sql_query("SELECT value FROM storage_meta WHERE key = 'served_as'");
    let row: Option<ServedAs> = row.get_result(connection).optional()?;
    Ok(row.map(|row| row.value))
}

/// Returns the name that SQLite puts its log beside: it follows symbolic links.
fn name_of(store: &Path) -> String {
    let real = store.canonicalize();
    real.as_deref().unwrap_or(store).display().to_string()
}
