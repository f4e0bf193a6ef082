//! What each new connection reports about the store: its epoch, and what a commit survives.

use super::state::DatabaseChanged;
use crate::timeline::timeline_of_primary;
use bus::{Bus, Event};
use diesel::sql_types::{Bool, Text};
use diesel::{OptionalExtension as _, QueryResult, QueryableByName, SqliteConnection, sql_query};
use diesel_async::AsyncPgConnection;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::{mpsc, watch};

/// The store was replaced: by a backup, or by a promoted standby of its server. Cursors of the old
/// epoch are void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreEpochChanged {
    /// The name of the database.
    pub database: String,
    /// The new epoch.
    pub epoch: String,
}

impl Event for StoreEpochChanged {
    const NAME: &'static str = "storage.epoch_changed";
}

/// The latest information about one store.
pub(crate) struct StoreInfo {
    epoch: watch::Sender<String>,
    power_safe: AtomicBool,
    /// The identifier of the primary's server, once a replica was found to be its standby; else 0.
    system: AtomicI64,
}

/// The information from one connection.
pub(crate) struct ConnectionInfo {
    epoch: String,
    power_safe: bool,
}

impl StoreInfo {
    pub(crate) fn unknown() -> Self {
        Self {
            epoch: watch::Sender::new(String::new()),
            power_safe: AtomicBool::new(false),
            system: AtomicI64::new(0),
        }
    }

    pub(crate) fn observe(&self, info: ConnectionInfo) {
        self.power_safe.store(info.power_safe, Ordering::Relaxed);
        self.epoch.send_if_modified(|epoch| {
            let changed = !epoch.is_empty() && *epoch != info.epoch;
            *epoch = info.epoch;
            changed
        });
    }

    /// Sets the epoch and the server of a replica. Publishes nothing: its epoch is its primary's,
    /// which publishes it.
    pub(crate) fn set_replica(&self, own: String, system: i64) {
        self.system.store(system, Ordering::Relaxed);
        self.epoch.send_if_modified(|epoch| {
            *epoch = own;
            false
        });
    }

    pub(crate) fn system(&self) -> i64 {
        self.system.load(Ordering::Relaxed)
    }

    pub(crate) fn epoch(&self) -> String {
        self.epoch.borrow().clone()
    }

    /// What an acknowledged write survives: `power` or `process`.
    pub(crate) fn durability(&self) -> &'static str {
        if self.power_safe.load(Ordering::Relaxed) {
            "power"
        } else {
            "process"
        }
    }

    /// Returns a receiver of later changes of the epoch.
    pub(crate) fn follow(&self) -> watch::Receiver<String> {
        self.epoch.subscribe()
    }
}

/// Publishes every change of the database and of its epoch, until the database is gone.
pub(crate) async fn publish_changes(
    mut changes: mpsc::Receiver<DatabaseChanged>,
    mut epochs: watch::Receiver<String>,
    database: String,
    bus: Bus,
) {
    loop {
        tokio::select! {
            Some(change) = changes.recv() => bus.publish(change).await,
            Ok(()) = epochs.changed() => {
                let epoch = epochs.borrow_and_update().clone();
                tracing::warn!(%database, %epoch, "the store's epoch has changed");
                bus.publish(StoreEpochChanged { database: database.clone(), epoch }).await;
            }
            else => return,
        }
    }
}

#[derive(QueryableByName)]
struct InfoRow {
    #[diesel(sql_type = Text)]
    epoch: String,
    #[diesel(sql_type = Bool)]
    power_safe: bool,
}

impl From<InfoRow> for ConnectionInfo {
    fn from(row: InfoRow) -> Self {
        Self {
            epoch: row.epoch,
            power_safe: row.power_safe,
        }
    }
}

/// Power-safe, since every connection sets `synchronous = FULL`.
const SQLITE: &str =
    "SELECT value AS epoch, TRUE AS power_safe FROM storage_meta WHERE key = 'epoch'";

/// A promotion changes the timeline: the first eight digits of any WAL file's name.
const POSTGRES: &str = concat!(
    "SELECT value || '-' || ",
    timeline_of_primary!(),
    " AS epoch,
        current_setting('fsync') = 'on'
            AND current_setting('full_page_writes') = 'on'
            AND current_setting('synchronous_commit') <> 'off' AS power_safe
    FROM storage_meta WHERE key = 'epoch'"
);

/// Reads the information from a SQLite connection. Blocks.
pub(crate) fn sqlite_info(
    connection: &mut SqliteConnection,
) -> diesel::ConnectionResult<ConnectionInfo> {
    use diesel::RunQueryDsl as _;
    known(
        sql_query(SQLITE)
            .get_result::<InfoRow>(connection)
            .optional(),
    )
    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)
}

/// Reads the information from a PostgreSQL connection. Fails on a standby, which cannot take
/// writes.
pub(crate) async fn postgres_info(
    connection: &mut AsyncPgConnection,
) -> QueryResult<ConnectionInfo> {
    use diesel_async::RunQueryDsl as _;
    known(
        sql_query(POSTGRES)
            .get_result::<InfoRow>(connection)
            .await
            .optional(),
    )
}

fn known(row: QueryResult<Option<InfoRow>>) -> QueryResult<ConnectionInfo> {
    row?.map(ConnectionInfo::from)
        .ok_or(diesel::result::Error::NotFound)
}
