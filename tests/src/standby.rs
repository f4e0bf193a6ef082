//! A read replica: a real hot standby of a store's PostgreSQL server.

use crate::database::Sql;
use crate::settings::Settings;
use crate::store::Store;
use fixtures::Postgres;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait until a standby has carried out an action.
const PATIENCE: Duration = Duration::from_secs(20);

/// A standby of a store's own server ([`crate::Place::Alone`]).
pub struct Standby {
    postgres: Arc<Postgres>,
    store: Store,
}

impl Standby {
    /// Creates a standby from a copy of the server's files.
    pub async fn of(store: &Store) -> Self {
        let primary = Arc::clone(store.postgres());
        let made = tokio::task::spawn_blocking(move || Arc::new(primary.standby()));
        Self {
            postgres: made.await.expect("a standby can be made"),
            store: store.clone(),
        }
    }

    /// Returns the URL of the store's database on the standby.
    #[must_use]
    pub fn url(&self) -> String {
        self.postgres.url(self.store.database())
    }

    /// Returns the settings of a server that reads from it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::default().with("CORE_DB_REPLICA_URLS", &self.url())
    }

    /// Pauses replay: it receives what the primary writes, but does not show it.
    pub async fn pause(&self) {
        let mut sql = self.sql().await;
        sql.run("SELECT pg_wal_replay_pause()").await;
        let paused = "SELECT (pg_get_wal_replay_pause_state() = 'paused')::int::bigint AS count";
        self.until("paused", paused).await;
    }

    /// Resumes replay.
    pub async fn go_on(&self) {
        self.sql().await.run("SELECT pg_wal_replay_resume()").await;
    }

    /// Waits until it shows everything that the primary has written so far.
    pub async fn catches_up(&self) {
        let position = "SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint AS count";
        let position = self.store.sql().await.number(position).await;
        let there = format!(
            "SELECT (pg_last_wal_replay_lsn() - '0/0' >= {position})::int::bigint AS count"
        );
        self.until("caught up", &there).await;
    }

    /// Waits until the log of a room has been read on it more than this many times.
    pub async fn has_read_the_log(&self) {
        let read = "SELECT (sum(idx_scan) > 0)::int::bigint AS count FROM pg_stat_user_tables
            WHERE relname = 'entries'";
        self.until("read", read).await;
    }

    /// Promotes it to a primary of its own.
    pub async fn promote(&self) {
        self.sql().await.run("SELECT pg_promote()").await;
    }

    /// Freezes it: connections stay open and nothing is answered.
    pub async fn freeze(&self) {
        self.order(Postgres::freeze).await;
    }

    /// Unfreezes it.
    pub async fn thaw(&self) {
        self.order(Postgres::thaw).await;
    }

    /// Stops it immediately, as after a power failure.
    pub async fn stop(&self) {
        self.order(Postgres::stop).await;
    }

    /// Starts it again and waits until it answers.
    pub async fn start_again(&self) {
        self.order(Postgres::start_again).await;
    }

    /// Connects to the database on the standby.
    pub async fn sql(&self) -> Sql {
        Sql::postgres(&self.url()).await
    }

    async fn order(&self, what: fn(&Postgres)) {
        let postgres = Arc::clone(&self.postgres);
        let done = tokio::task::spawn_blocking(move || what(&postgres));
        done.await.expect("the action does not panic");
    }

    async fn until(&self, what: &str, so: &str) {
        let end = Instant::now() + PATIENCE;
        let mut sql = self.sql().await;
        while sql.number(so).await == 0 {
            assert!(Instant::now() < end, "the standby never {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
