//! The epoch of a store, read in the same snapshot as its data.
//!
//! [`crate::Database::epoch`] returns what the last new connection reported; between that and a
//! read, the store may have been replaced. Whoever keeps something under an epoch reads both
//! together.

use crate::{Access, Backend, Fault, query};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};

const IN_FILE: &str = "SELECT value AS epoch FROM storage_meta WHERE key = 'epoch'";

/// Joined with the timeline, as [`crate::Database::epoch`] is: a promoted standby continues the
/// data under another timeline, perhaps without the latest of it. A standby has the timeline that
/// it follows.
const ON_SERVER: &str = "SELECT value || '-' || CASE WHEN pg_is_in_recovery()
        THEN lpad(upper(to_hex(greatest(
            (SELECT timeline_id FROM pg_control_checkpoint()),
            (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
            (SELECT received_tli FROM pg_stat_wal_receiver)))), 8, '0')
        ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS epoch
    FROM storage_meta WHERE key = 'epoch'";

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
