//! bb8's pools, one kind per backend, and the connections they lend.

use crate::backup::pg_mark::PgMark;
use crate::carry::{Line, Work};
use crate::file_watch::FileWatch;
use crate::gate::Pass;
use crate::last_error::LastError;
use crate::postgres::Setup;
use crate::sqlite::Link;
use crate::store_info::StoreInfo;
use crate::transaction::refuse_writes;
use crate::{DatabaseConfig, Fault, Url, checkpoint, served_as, sqlite};
use bb8::{ManageConnection, QueueStrategy};
use diesel::{ConnectionResult, QueryResult, SqliteConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager as Manager, ManagerConfig, PoolableConnection, RecyclingMethod,
    bb8::Pool as Bb8, bb8::PooledConnection, bb8::RunError,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// How often, at most and at least, connections are looked for that have been idle too long.
const REAPER_MIN: Duration = Duration::from_millis(500);
const REAPER_MAX: Duration = Duration::from_secs(30);

/// A pool of either kind.
#[derive(Clone)]
pub(crate) enum Links {
    Sqlite(Bb8<Link>),
    Postgres(Bb8<AsyncPgConnection>),
}

/// A connection on loan; comes home when dropped, before its pass does.
pub(crate) struct Lease<C: PoolableConnection + 'static>
where
    Manager<C>: ManageConnection,
{
    pub(crate) connection: PooledConnection<'static, C>,
    _pass: Pass,
}

/// A connection on loan, of either kind.
pub(crate) enum AnyLease {
    Sqlite(Lease<Link>),
    Postgres(Box<Lease<AsyncPgConnection>>),
}

impl Lease<Link> {
    /// Moves the connection to a blocking thread and works there. Dropping this future ends the
    /// waiting only. `None` when the work panicked.
    pub(crate) async fn on_its_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        let done = tokio::task::spawn_blocking(move || self.work(work));
        done.await.ok()
    }

    /// Works where it stands, which must be a thread that may block. `None` when the work panicked.
    pub(crate) fn on_this_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        catch_unwind(AssertUnwindSafe(|| self.work(work))).ok()
    }

    fn work<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> T {
        let done = self.connection.spawn_blocking(move |c| Ok(work(c)));
        done.now_or_never()
            .expect("a link works where it stands")
            .expect("it has no errors")
    }
}

impl AnyLease {
    /// Does one's own read and those of others on a connection to a file. Dropping this future ends
    /// the waiting only.
    pub(crate) async fn carry(self, line: Arc<Line>, own: Work) {
        if let Self::Sqlite(lease) = self {
            lease.on_its_thread(move |c| line.carry(own, c)).await;
        }
    }
}

impl Links {
    /// Opens no connection yet.
    pub(crate) fn new(
        config: &DatabaseConfig,
        store_info: &Arc<StoreInfo>,
        last_error: &Arc<LastError>,
        watch: Option<&Arc<FileWatch>>,
        mark: Option<&Arc<PgMark>>,
    ) -> Self {
        match config.url {
            Url::Sqlite(_) => Self::Sqlite(sqlite_links(config, store_info, last_error, watch)),
            Url::Postgres(_) => {
                Self::Postgres(postgres_links(config, store_info, last_error, mark))
            }
        }
    }

    /// Waits until a connection is there.
    pub(crate) async fn borrow(&self, pass: Pass) -> Result<AnyLease, RunError> {
        Ok(match self {
            Self::Sqlite(links) => {
                let connection = links.get_owned().await?;
                AnyLease::Sqlite(Lease {
                    connection,
                    _pass: pass,
                })
            }
            Self::Postgres(links) => {
                let connection = links.get_owned().await?;
                AnyLease::Postgres(Box::new(Lease {
                    connection,
                    _pass: pass,
                }))
            }
        })
    }

    /// All connections, and those of them that nobody uses.
    pub(crate) fn size(&self) -> (u32, u32) {
        let state = match self {
            Self::Sqlite(links) => links.state(),
            Self::Postgres(links) => links.state(),
        };
        (state.connections, state.idle_connections)
    }

    /// Moves the rest of SQLite's log into the file. Blocks.
    pub(crate) fn settle(&self) -> Result<(), Fault> {
        self.on_a_file(|connection| {
            let noted = served_as::closed(connection);
            checkpoint::whole(connection).and(noted)
        })
    }

    /// Works on a connection to a file, without a turn: there is none to wait for any more. Blocks.
    pub(crate) fn on_a_file(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let Self::Sqlite(links) = self else {
            return Ok(());
        };
        let runtime = tokio::runtime::Handle::current();
        runtime.block_on(async {
            let mut link = links.get().await.map_err(anyhow::Error::from)?;
            let worked = link.spawn_blocking(|connection| {
                refuse_writes(connection, false)?;
                work(connection)
            });
            Ok(worked.await?)
        })
    }
}

fn sqlite_links(
    config: &DatabaseConfig,
    store_info: &Arc<StoreInfo>,
    last_error: &Arc<LastError>,
    watch: Option<&Arc<FileWatch>>,
) -> Bb8<Link> {
    let (store_info, last_error) = (Arc::clone(store_info), Arc::clone(last_error));
    let watch = watch.cloned();
    let connect = move |target| {
        let (store_info, last_error) = (Arc::clone(&store_info), Arc::clone(&last_error));
        let watch = watch.clone();
        async move { last_error.noted(sqlite::connect(target, watch, &store_info).await) }.boxed()
    };
    builder(config)
        // None is closed for being idle: the last to close would do a checkpoint wherever it is
        // dropped, and what was idle for long is closed all at once.
        .min_idle(config.pool_min.clamp(1, config.pool_max.max(1)))
        .idle_timeout(None)
        .max_lifetime(None)
        .build_unchecked(manager(config, connect, |_| ready(Ok(())).boxed()))
}

fn postgres_links(
    config: &DatabaseConfig,
    store_info: &Arc<StoreInfo>,
    last_error: &Arc<LastError>,
    mark: Option<&Arc<PgMark>>,
) -> Bb8<AsyncPgConnection> {
    let setup = Setup {
        application: format!("parlor {}", config.name),
        statement_timeout: config.statement_timeout,
        replica: config.replica_of.is_some(),
        mark: mark.cloned(),
    };
    let (store_info, last_error) = (Arc::clone(store_info), Arc::clone(last_error));
    let connect = move |url| {
        let (setup, store_info, last_error) = (
            setup.clone(),
            Arc::clone(&store_info),
            Arc::clone(&last_error),
        );
        async move { last_error.noted(setup.connect(url, &store_info).await) }.boxed()
    };
    builder(config)
        .idle_timeout(config.idle_timeout)
        .reaper_rate(looks_for_idle(config.idle_timeout))
        .build_unchecked(manager(config, connect, still_open))
}

/// How often idle connections are looked for: none outlives its time by more than half of it.
fn looks_for_idle(idle_timeout: Duration) -> Duration {
    (idle_timeout / 2).clamp(REAPER_MIN, REAPER_MAX)
}

/// Looks only: a real query on every loan would cost more than the work it is for.
fn still_open(connection: &mut AsyncPgConnection) -> BoxFuture<'_, QueryResult<()>> {
    let open = if connection.is_broken() {
        Err(diesel::result::Error::BrokenTransactionManager)
    } else {
        Ok(())
    };
    ready(open).boxed()
}

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

fn builder<M: ManageConnection>(config: &DatabaseConfig) -> bb8::Builder<M> {
    let max = config.pool_max.max(1);
    bb8::Pool::builder()
        // The one used last has the warmest caches.
        .queue_strategy(QueueStrategy::Lifo)
        .max_size(max)
        .min_idle(config.pool_min.min(max))
        .connection_timeout(config.acquire_timeout)
}
