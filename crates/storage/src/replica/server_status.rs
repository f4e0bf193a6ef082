//! What two servers report that shows whether one is a standby of the other.

use crate::timeline::{timeline_of_primary, timeline_of_standby};
use crate::{Access, Fault, Reader, query};
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::AsyncPgConnection;

/// What a server reports about itself.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct ServerStatus {
    /// The store's epoch, joined with the timeline.
    #[diesel(sql_type = Text)]
    pub(crate) epoch: String,
    /// Whether the server takes no writes but replays those of another.
    #[diesel(sql_type = Bool)]
    pub(crate) standby: bool,
    /// The system identifier: made with the primary and copied with its files.
    #[diesel(sql_type = BigInt)]
    pub(crate) system: i64,
    /// How far the log goes (primary), or has been replayed (standby), in bytes.
    #[diesel(sql_type = BigInt)]
    pub(crate) position: i64,
}

const OF_PRIMARY: &str = concat!(
    "SELECT value || '-' || ",
    timeline_of_primary!(),
    " AS epoch,
        FALSE AS standby, (SELECT system_identifier FROM pg_control_system()) AS system,
        (pg_current_wal_flush_lsn() - '0/0')::bigint AS position
    FROM storage_meta WHERE key = 'epoch'"
);

/// A standby reports the timeline that it follows only to roles that may read all statistics. Its
/// control file is readable by everyone, but after a promotion of its primary it changes only at
/// the next restart point; until then the standby counts as one of the server that was given up,
/// which it may be.
const OF_STANDBY: &str = concat!(
    "SELECT value || '-' || ",
    timeline_of_standby!(),
    " AS epoch,
        pg_is_in_recovery() AS standby,
        (SELECT system_identifier FROM pg_control_system()) AS system,
        coalesce((pg_last_wal_replay_lsn() - '0/0')::bigint, 0) AS position
    FROM storage_meta WHERE key = 'epoch'"
);

/// Asked in the snapshot of each read: whether this is still a standby, and of this epoch.
const STILL: &str =
    "SELECT pg_is_in_recovery() AS standby FROM storage_meta WHERE key = 'epoch' AND value = $1";

/// The error for a server that takes writes of its own.
pub(crate) const NO_STANDBY: &str = "it is no standby of its primary, or no longer one";

#[derive(QueryableByName)]
struct StandbyRow {
    #[diesel(sql_type = Bool)]
    standby: bool,
}

impl ServerStatus {
    /// Asks a primary.
    pub(crate) async fn of_primary(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(query!(reader, |c| sql_query(OF_PRIMARY).get_result(c))?)
    }

    /// Asks a standby.
    pub(crate) async fn of_standby(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(query!(reader, |c| sql_query(OF_STANDBY).get_result(c))?)
    }
}

/// Asks a standby on a new connection.
pub(crate) async fn standby_status(
    connection: &mut AsyncPgConnection,
) -> QueryResult<ServerStatus> {
    use diesel_async::RunQueryDsl as _;
    sql_query(OF_STANDBY).get_result(connection).await
}

/// Returns whether this is still a standby of the store of this epoch.
pub(crate) async fn is_still_standby(access: &mut impl Access, epoch: &str) -> Result<bool, Fault> {
    let value = epoch
        .rsplit_once('-')
        .map_or(epoch, |(value, _timeline)| value);
    let still: Vec<StandbyRow> =
        query!(access, |c| sql_query(STILL).bind::<Text, _>(value).load(c))?;
    Ok(still.first().is_some_and(|still| still.standby))
}
