//! Under which name a SQLite file is being served, kept in the file itself.
//!
//! SQLite's log lies beside the name that a file was opened by. Opened by a second name (a hard link)
//! after a crash, the file would lack whatever is in that log. So the name is noted while a server
//! serves the file, and taken back when it has closed it. A copy made by a backup is marked as one:
//! whoever puts it in a store's place by hand need not know that its clients must begin anew.

use super::{sqlite, wal};
use crate::Fault;
use diesel::sql_types::Text;
use diesel::{
    Connection as _, OptionalExtension as _, QueryResult, QueryableByName, RunQueryDsl as _,
    SqliteConnection, sql_query,
};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What a copy says instead of a name; no path of a file is like it.
const COPY: &str = "copy";

const NOTE: &str = "INSERT INTO storage_meta (key, value) VALUES ('served_as', $1)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value";

#[derive(QueryableByName)]
struct ServedAs {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The file is served by this name from now on: in the file itself, not only in its log.
pub(crate) fn note(connection: &mut SqliteConnection, store: &Path) -> QueryResult<()> {
    write(connection, &name_of(store))?;
    wal::truncate(connection)
}

/// The file is closed, or about to be: with its log, nothing is missing from it.
pub(crate) fn closed(connection: &mut SqliteConnection) -> QueryResult<()> {
    write(connection, "")
}

/// This file is a copy of a store.
pub(crate) fn is_copy(connection: &mut SqliteConnection) -> QueryResult<()> {
    write(connection, COPY)
}

/// Whether the file was marked as a copy. It is an ordinary store from now on.
pub(crate) fn was_copy(connection: &mut SqliteConnection) -> QueryResult<bool> {
    let was = read(connection)?.is_some_and(|value| value == COPY);
    if was {
        closed(connection)?;
    }
    Ok(was)
}

/// Why a file must not be opened by this name: it has several, was last served by another one, and
/// was not closed.
pub(crate) fn other_name(store: &Path) -> Result<Option<String>, Fault> {
    if !std::fs::metadata(store).is_ok_and(|file| file.nlink() > 1 && file.len() > 0) {
        return Ok(None);
    }
    // As it lies: a log beside this name is not to be trusted yet.
    let target = sqlite::uri(store, "?immutable=1");
    let mut connection = SqliteConnection::establish(&target).map_err(anyhow::Error::from)?;
    // What has no such table is no store, which is found out elsewhere.
    let served = read(&mut connection)
        .unwrap_or_default()
        .unwrap_or_default();
    if served.is_empty() || served == COPY || served == name_of(store) {
        return Ok(None);
    }
    Ok(Some(format!(
        "the same file is also {served}, was served by that name and not closed: the rest of its \
         data is in the log beside that name. Start it by that name, or stop it there first"
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

/// SQLite follows symbolic links, and puts its log beside what they lead to.
fn name_of(store: &Path) -> String {
    let real = store.canonicalize();
    real.as_deref().unwrap_or(store).display().to_string()
}
