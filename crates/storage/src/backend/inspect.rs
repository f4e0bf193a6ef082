//! Checks that a SQLite file belongs to Parlor and is not damaged, without changing a byte and
//! before anything opens it for writing.

use super::sqlite::{self, beside, uri};
use crate::{DatabaseConfig, OpenError};
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// `Parl` in ASCII, in the header of the file.
pub(crate) const APPLICATION_ID: i32 = 0x5061_726C;

/// Files up to this size are checked page by page at the start; checking larger ones would take
/// longer than a start may. A damaged page is still found when it is read.
const CHECKED_BYTES: u64 = 32 << 20;

/// Fails if the file is no database, not Parlor's, or damaged. Blocks.
pub(crate) fn inspect(file: &Path, config: &DatabaseConfig) -> Result<(), OpenError> {
    let Some(bytes) = size(file).map_err(|error| config.unreachable(&error))? else {
        return Ok(());
    };
    if !begins_like_sqlite(file).map_err(|error| config.unreachable(&error))? {
        return Err(config.unusable("it is not an SQLite database"));
    }
    let mut connection =
        sqlite::connect(&untouched(file)).map_err(|error| config.unreachable(&error))?;
    match complaint(&mut connection, bytes) {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(config.unusable(&why)),
        Err(error) => Err(config.unusable(&error.to_string())),
    }
}

/// Returns `None` if there is no file or it is empty.
fn size(file: &Path) -> io::Result<Option<u64>> {
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.len() == 0 => Ok(None),
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the header names Parlor, read without opening the file as a database.
pub(crate) fn is_ours(file: &Path) -> bool {
    let mut header = Vec::new();
    let read = File::open(file).and_then(|file| file.take(72).read_to_end(&mut header));
    read.is_ok() && header.get(68..) == Some(APPLICATION_ID.to_be_bytes().as_slice())
}

fn begins_like_sqlite(file: &Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    File::open(file)?.take(16).read_to_end(&mut begin)?;
    Ok(begin == b"SQLite format 3\0")
}

/// Whether the log beside the file contains anything.
pub(crate) fn has_log(file: &Path) -> bool {
    std::fs::metadata(beside(file, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Returns a URI that opens the file without changing it. Without a log the file can be read as it
/// is; with one, only SQLite knows which pages of the log are valid.
pub(crate) fn untouched(file: &Path) -> String {
    uri(
        file,
        if has_log(file) {
            "?mode=ro"
        } else {
            "?immutable=1"
        },
    )
}

#[derive(QueryableByName)]
struct ApplicationId {
    #[diesel(sql_type = Integer)]
    application_id: i32,
}

#[derive(QueryableByName)]
struct TableCount {
    #[diesel(sql_type = BigInt)]
    tables: i64,
}

#[derive(QueryableByName)]
struct QuickCheck {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// Returns the application id in the header of an open file.
pub(crate) fn application_id(connection: &mut SqliteConnection) -> QueryResult<i32> {
    let row: ApplicationId = sql_query("PRAGMA application_id").get_result(connection)?;
    Ok(row.application_id)
}

/// Checks every page; returns what is damaged, if anything is.
pub(crate) fn damage(connection: &mut SqliteConnection) -> QueryResult<Option<String>> {
    let row: QuickCheck = sql_query("PRAGMA quick_check(1)").get_result(connection)?;
    Ok((row.quick_check != "ok").then_some(format!("it is damaged: {}", row.quick_check)))
}

fn complaint(connection: &mut SqliteConnection, bytes: u64) -> QueryResult<Option<String>> {
    let application_id = application_id(connection)?;
    let count: TableCount =
        sql_query("SELECT count(*) AS tables FROM sqlite_master").get_result(connection)?;
    if application_id != APPLICATION_ID && count.tables > 0 {
        return Ok(Some("it belongs to another application".into()));
    }
    if bytes > CHECKED_BYTES {
        return Ok(None);
    }
    damage(connection)
}
