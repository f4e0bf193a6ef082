//! bb8's pools, one kind per backend.

use super::file_watch::FileWatch;
use super::gate::Permit;
use super::lease::{AnyLease, Lease};
use super::postgres_connector::PostgresConnector;
use super::sqlite_connector;
use crate::backend::postgres::PostgresUrl;
use crate::backend::sqlite::PooledSqlite;
use crate::backend::{refuse_writes, served_as, wal};
use crate::health::{LastError, StoreInfo};
use crate::watermark::PgMark;
use crate::{DatabaseConfig, Fault, Url};
use bb8::{ManageConnection, QueueStrategy};
use diesel::{ConnectionResult, QueryResult, SqliteConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager as Manager, ManagerConfig, PoolableConnection, RecyclingMethod,
    bb8::Pool as Bb8, bb8::RunError,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use std::sync::Arc;
use std::time::Duration;

/// The shortest and the longest time between two searches for idle connections.
const REAPER_MIN: Duration = Duration::from_millis(500);
const REAPER_MAX: Duration = Duration::from_secs(30);

/// A pool of either kind.
#[derive(Clone)]
pub(crate) enum BackendPool {
    Sqlite(Bb8<PooledSqlite>),
    Postgres(Bb8<AsyncPgConnection>),
}

impl BackendPool {
    /// Returns a pool that has opened no connection yet.
    pub(crate) fn new(
        config: &DatabaseConfig,
        store_info: &Arc<StoreInfo>,
        last_error: &Arc<LastError>,
        watch: Option<&Arc<FileWatch>>,
        mark: Option<&Arc<PgMark>>,
    ) -> Self {
        match config.url {
            Url::Sqlite(_) => Self::Sqlite(sqlite_pool(config, store_info, last_error, watch)),
            Url::Postgres(ref url) => {
                Self::Postgres(postgres_pool(config, url, store_info, last_error, mark))
            }
        }
    }

    /// Waits until a connection is open.
    pub(crate) async fn borrow(&self, permit: Permit) -> Result<AnyLease, RunError> {
        Ok(match self {
            Self::Sqlite(pool) => {
                let connection = pool.get_owned().await?;
                AnyLease::Sqlite(Lease::new(connection, permit))
            }
            Self::Postgres(pool) => {
                let connection = pool.get_owned().await?;
                AnyLease::Postgres(Box::new(Lease::new(connection, permit)))
            }
        })
    }

    /// Returns the number of all connections, and of those that are idle.
    pub(crate) fn size(&self) -> (u32, u32) {
        let state = match self {
            Self::Sqlite(pool) => pool.state(),
            Self::Postgres(pool) => pool.state(),
        };
        (state.connections, state.idle_connections)
    }

    /// Moves the rest of SQLite's log into the file, which then needs no log. Blocks.
    pub(crate) fn finish_log(&self) -> Result<(), Fault> {
        self.with_file_connection(|connection| {
            let noted = served_as::note_closed(connection);
            wal::truncate(connection).and(noted)
        })
    }

    /// Runs work on a connection to a file without a permit, while nobody else may use the pool.
    /// Blocks. Does nothing on PostgreSQL.
    pub(crate) fn with_file_connection(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let Self::Sqlite(pool) = self else {
            return Ok(());
        };
        let runtime = tokio::runtime::Handle::current();
        runtime.block_on(async {
            let mut connection = pool.get().await.map_err(anyhow::Error::from)?;
            let worked = connection.spawn_blocking(|connection| {
                refuse_writes(connection, false)?;
                work(connection)
            });
            Ok(worked.await?)
        })
    }
}

fn sqlite_pool(
    config: &DatabaseConfig,
    store_info: &Arc<StoreInfo>,
    last_error: &Arc<LastError>,
    watch: Option<&Arc<FileWatch>>,
) -> Bb8<PooledSqlite> {
    let (store_info, last_error) = (Arc::clone(store_info), Arc::clone(last_error));
    let watch = watch.cloned();
    let connect = move |target| {
        let (store_info, last_error) = (Arc::clone(&store_info), Arc::clone(&last_error));
        let watch = watch.clone();
        async move { last_error.noted(sqlite_connector::connect(target, watch, &store_info).await) }
            .boxed()
    };
    builder(config)
        // None is closed for being idle: the last one to close would run a checkpoint wherever it
        // is dropped, and connections that were idle for long are closed all at once.
        .min_idle(config.pool_min.clamp(1, config.pool_max.max(1)))
        .idle_timeout(None)
        .max_lifetime(None)
        .build_unchecked(manager(config, connect, |_| ready(Ok(())).boxed()))
}

fn postgres_pool(
    config: &DatabaseConfig,
    url: &PostgresUrl,
    store_info: &Arc<StoreInfo>,
    last_error: &Arc<LastError>,
    mark: Option<&Arc<PgMark>>,
) -> Bb8<AsyncPgConnection> {
    let connector = PostgresConnector {
        url: url.clone(),
        schema: config.schema.clone(),
        application: format!("parlor {}", config.name),
        statement_timeout: config.statement_timeout,
        replica: config.replica_of.is_some(),
        mark: mark.cloned(),
    };
    let (store_info, last_error) = (Arc::clone(store_info), Arc::clone(last_error));
    let connect = move |_| {
        let (connector, store_info, last_error) = (
            connector.clone(),
            Arc::clone(&store_info),
            Arc::clone(&last_error),
        );
        async move { last_error.noted(connector.connect(&store_info).await) }.boxed()
    };
    builder(config)
        .idle_timeout(config.idle_timeout)
        .reaper_rate(reaper_rate(config.idle_timeout))
        .build_unchecked(manager(config, connect, still_open))
}

/// No connection is idle for longer than its limit and half of it.
fn reaper_rate(idle_timeout: Duration) -> Duration {
    (idle_timeout / 2).clamp(REAPER_MIN, REAPER_MAX)
}

/// Checks the client's side only: a real query on every loan would cost more than the work it is
/// for.
fn still_open(connection: &mut AsyncPgConnection) -> BoxFuture<'_, QueryResult<()>> {
    let open = if connection.is_broken() {
        Err(diesel::result::Error::BrokenTransactionManager)
    } else {
        Ok(())
    };
    ready(open).boxed()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one pool of a database is made here"
)]
fn manager<C: PoolableConnection + 'static>(
    config: &DatabaseConfig,
    connect: impl Fn(String) -> BoxFuture<'static, ConnectionResult<C>> + Send + Sync + 'static,
    check: impl Fn(&mut C) -> BoxFuture<'_, QueryResult<()>> + Send + Sync + 'static,
) -> Manager<C> {
    let mut settings = ManagerConfig::default();
    settings.recycling_method = RecyclingMethod::CustomFunction(Box::new(check));
    settings.custom_setup = Box::new(move |target| connect(target.to_owned()));
    Manager::new_with_config(config.url.existing(), settings)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one pool of a database is made here"
)]
fn builder<M: ManageConnection>(config: &DatabaseConfig) -> bb8::Builder<M> {
    let max = config.pool_max.max(1);
    bb8::Pool::builder()
        // The connection that was used last has the warmest caches.
        .queue_strategy(QueueStrategy::Lifo)
        .max_size(max)
        .min_idle(config.pool_min.min(max))
        .connection_timeout(config.acquire_timeout)
}
