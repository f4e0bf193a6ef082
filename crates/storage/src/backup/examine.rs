//! Checks that a file is a complete store of Parlor's, without changing a byte.

use super::BackupError;
use crate::backend::{APPLICATION_ID, application_id, damage, sqlite, untouched};
use diesel::sql_types::Text;
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use std::fs::File;
use std::path::Path;

/// Fails if the file is not Parlor's, or damaged. Blocks; reads every page, so it takes longer the
/// larger the file is.
pub(super) fn examine(file: &Path) -> Result<(), BackupError> {
    if !file.is_file() {
        return Err(BackupError::NoStore(file.to_owned()));
    }
    // SQLite would not say why.
    File::open(file).map_err(BackupError::file(file))?;
    let foreign = |why: String| BackupError::Foreign {
        path: file.to_owned(),
        why,
    };
    let mut connection =
        sqlite::connect(&untouched(file)).map_err(|error| foreign(error.to_string()))?;
    match complaint(&mut connection) {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(foreign(why)),
        Err(error) => Err(foreign(error.to_string())),
    }
}

#[derive(QueryableByName)]
struct Epoch {
    #[diesel(sql_type = Text)]
    epoch: String,
}

const EPOCH: &str = "SELECT value AS epoch FROM storage_meta WHERE key = 'epoch'";

fn complaint(connection: &mut SqliteConnection) -> QueryResult<Option<String>> {
    if application_id(connection)? != APPLICATION_ID {
        return Ok(Some("it is not a store of Parlor's".to_owned()));
    }
    let epoch = sql_query(EPOCH).get_result::<Epoch>(connection);
    if !epoch.is_ok_and(|row| !row.epoch.is_empty()) {
        return Ok(Some("it has no epoch".to_owned()));
    }
    damage(connection)
}
