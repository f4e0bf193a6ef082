//! The epoch of a store, read in the same snapshot as its data.
//!
//! [`crate::Database::epoch`] returns what the last new connection reported; between that and a
//! read, the store may have been replaced. Whoever keeps something under an epoch reads both
//! together.

use crate::timeline::{timeline_of_primary, timeline_of_standby};
use crate::{Access, Backend, Fault, query};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};

const IN_FILE: &str = "SELECT value AS epoch FROM storage_meta WHERE key = 'epoch'";

/// Joined with the timeline, as [`crate::Database::epoch`] is: a promoted standby continues the
/// data under another timeline, perhaps without the latest of it. A standby has the timeline that
/// it follows.
const ON_SERVER: &str = concat!(
    "SELECT value || '-' || CASE WHEN pg_is_in_recovery() THEN ",
    timeline_of_standby!(),
    " ELSE ",
    timeline_of_primary!(),
    " END AS epoch
    FROM storage_meta WHERE key = 'epoch'"
);

#[derive(QueryableByName)]
struct EpochRow {
    #[diesel(sql_type = Text)]
    epoch: String,
}

/// Returns the store's epoch as the caller's snapshot or transaction has it: the value that
/// [`crate::Database::epoch`] has too, unless the store was replaced since.
pub async fn epoch(access: &mut impl Access) -> Result<String, Fault> {
    let text = match access.backend() {
        Backend::Sqlite => IN_FILE,
        Backend::Postgres => ON_SERVER,
    };
    let row: EpochRow = query!(access, |c| sql_query(text).get_result(c))?;
    Ok(row.epoch)
}
