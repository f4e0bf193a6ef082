//! The one pool of a database: bb8 behind the fair gate, and what it last suffered from.

use crate::gate::{Gate, Pass, Purpose};
use crate::postgres::Setup;
use crate::sqlite::Link;
use crate::vitals::Vitals;
use crate::{DatabaseConfig, Fault, StorageError, Url, sqlite};
use bb8::ManageConnection;
use diesel::{ConnectionResult, SqliteConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager as Manager, ManagerConfig, PoolableConnection, RecyclingMethod,
    bb8::Pool as Bb8, bb8::PooledConnection, bb8::RunError,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// When a repeat is worth trying after the database was unavailable.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A database's connections.
pub(crate) struct Pool {
    name: String,
    gate: Gate,
    links: Mutex<Option<Links>>,
    trouble: Arc<Trouble>,
    acquire_timeout: Duration,
}

#[derive(Clone)]
enum Links {
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
    Postgres(Lease<AsyncPgConnection>),
}

impl Lease<Link> {
    /// Moves the connection to a blocking thread and works there. Dropping this future ends the
    /// waiting only. `None` when the work panicked.
    pub(crate) async fn on_its_thread<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut SqliteConnection) -> T + Send + 'static,
    ) -> Option<T> {
        let done = tokio::task::spawn_blocking(move || {
            let mut lease = self;
            let done = lease.connection.spawn_blocking(move |c| Ok(work(c)));
            done.now_or_never()
                .expect("a link works where it stands")
                .expect("it has no errors")
        });
        done.await.ok()
    }
}

impl Pool {
    /// Opens no connection yet; the first lease does.
    pub(crate) fn new(config: &DatabaseConfig, vitals: &Arc<Vitals>) -> Self {
        let trouble = Arc::new(Trouble::default());
        let one_writer = matches!(config.url, Url::Sqlite(_));
        Self {
            name: config.name.clone(),
            gate: Gate::new(config.pool_max.max(1), one_writer),
            links: Mutex::new(Some(Links::new(config, vitals, &trouble))),
            trouble,
            acquire_timeout: config.acquire_timeout,
        }
    }

    /// Borrows a connection, in turn, within the acquire time. Cancel-safe.
    pub(crate) async fn lease(&self, purpose: Purpose) -> Result<AnyLease, StorageError> {
        let deadline = Instant::now() + self.acquire_timeout;
        let pass = match timeout_at(deadline, self.gate.enter(purpose)).await {
            Ok(entered) => entered.map_err(|_| self.closed())?,
            Err(_) => return Err(self.exhausted()),
        };
        let links = self.links().ok_or_else(|| self.closed())?;
        // With a pass there is a place in the pool: whoever waits now waits for a connection to be
        // made, and bb8 tells why it is not only to its sink.
        match timeout_at(deadline, links.borrow(pass)).await {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(RunError::User(error))) => Err(self.unavailable(&error)),
            Ok(Err(RunError::TimedOut)) | Err(_) => Err(self.unavailable_since()),
        }
    }

    /// Waits until all connections are home, then closes them on a blocking thread: SQLite moves
    /// its log into the file first.
    pub(crate) async fn close(&self, within: Duration) {
        self.gate.close(within).await;
        let Some(links) = self.locked_links().take() else {
            return;
        };
        let closed = tokio::task::spawn_blocking(move || links.close());
        if tokio::time::timeout(within, closed).await.is_err() {
            tracing::warn!(database = %self.name, "closing the pool takes too long, going on");
        }
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// All connections, and those of them that nobody uses.
    pub(crate) fn size(&self) -> (u32, u32) {
        let state = match self.links() {
            Some(Links::Sqlite(links)) => links.state(),
            Some(Links::Postgres(links)) => links.state(),
            None => return (0, 0),
        };
        (state.connections, state.idle_connections)
    }

    pub(crate) fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// Remembers a transient fault and tells the caller to come again.
    pub(crate) fn unavailable(&self, cause: &dyn Display) -> StorageError {
        self.trouble.note(cause);
        self.unavailable_since()
    }

    /// [`StorageError::Unavailable`] with the last thing that went wrong.
    pub(crate) fn unavailable_since(&self) -> StorageError {
        StorageError::Unavailable {
            database: self.name.clone(),
            cause: self.trouble.last().unwrap_or_else(|| "no time left".into()),
            retry_after: RETRY_AFTER,
        }
    }

    /// The bus had no credit for a write in time.
    pub(crate) fn overloaded(&self) -> StorageError {
        StorageError::Unavailable {
            database: self.name.clone(),
            cause: "no credit is free".into(),
            retry_after: RETRY_AFTER,
        }
    }

    /// What a failed piece of work tells its caller.
    pub(crate) fn failure(&self, operation: &'static str, fault: Fault) -> StorageError {
        if fault.is_transient() || fault.is_time_out() || fault.is_silence() {
            return self.unavailable(&fault);
        }
        StorageError::Failed { operation, fault }
    }

    pub(crate) fn closed(&self) -> StorageError {
        StorageError::Closed {
            database: self.name.clone(),
        }
    }

    fn exhausted(&self) -> StorageError {
        self.unavailable(&format_args!(
            "all {} connections are in use",
            self.gate.max()
        ))
    }

    fn links(&self) -> Option<Links> {
        self.locked_links().clone()
    }

    fn locked_links(&self) -> std::sync::MutexGuard<'_, Option<Links>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Links {
    fn new(config: &DatabaseConfig, vitals: &Arc<Vitals>, trouble: &Arc<Trouble>) -> Self {
        match config.url {
            Url::Sqlite(_) => Self::Sqlite(sqlite_links(config, vitals, trouble)),
            Url::Postgres(_) => Self::Postgres(postgres_links(config, vitals, trouble)),
        }
    }

    async fn borrow(&self, pass: Pass) -> Result<AnyLease, RunError> {
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
                AnyLease::Postgres(Lease {
                    connection,
                    _pass: pass,
                })
            }
        })
    }

    /// Blocks: the last SQLite connection that closes writes the rest of the log into the file.
    fn close(self) {
        let Self::Sqlite(links) = self else { return };
        let runtime = tokio::runtime::Handle::current();
        if let Err(error) = runtime.block_on(checkpoint(&links)) {
            tracing::warn!(%error, "the last checkpoint failed; the next start makes up for it");
        }
    }
}

async fn checkpoint(links: &Bb8<Link>) -> anyhow::Result<()> {
    use diesel::connection::SimpleConnection as _;
    let mut link = links.get().await?;
    link.spawn_blocking(|c| c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        .await?;
    Ok(())
}

fn sqlite_links(
    config: &DatabaseConfig,
    vitals: &Arc<Vitals>,
    trouble: &Arc<Trouble>,
) -> Bb8<Link> {
    let (vitals, trouble) = (Arc::clone(vitals), Arc::clone(trouble));
    let connect = move |target| {
        let (vitals, trouble) = (Arc::clone(&vitals), Arc::clone(&trouble));
        async move { trouble.noted(sqlite::connect(target, &vitals).await) }.boxed()
    };
    builder(config)
        // One always stays: the last to close would do a checkpoint wherever it is dropped.
        .min_idle(config.pool_min.clamp(1, config.pool_max.max(1)))
        .max_lifetime(None)
        .build_unchecked(manager(config, connect, |_| ready(Ok(())).boxed()))
}

fn postgres_links(
    config: &DatabaseConfig,
    vitals: &Arc<Vitals>,
    trouble: &Arc<Trouble>,
) -> Bb8<AsyncPgConnection> {
    let setup = Setup {
        application: format!("parlor {}", config.name),
        statement_timeout: config.statement_timeout,
    };
    let (vitals, trouble) = (Arc::clone(vitals), Arc::clone(trouble));
    let connect = move |url| {
        let (setup, vitals, trouble) = (setup.clone(), Arc::clone(&vitals), Arc::clone(&trouble));
        async move { trouble.noted(setup.connect(url, &vitals).await) }.boxed()
    };
    builder(config).build_unchecked(manager(config, connect, still_open))
}

/// Looks only: a real query on every loan would cost more than the work it is for.
fn still_open(connection: &mut AsyncPgConnection) -> BoxFuture<'_, diesel::QueryResult<()>> {
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
    check: impl Fn(&mut C) -> BoxFuture<'_, diesel::QueryResult<()>> + Send + Sync + 'static,
) -> Manager<C> {
    let mut settings = ManagerConfig::default();
    settings.recycling_method = RecyclingMethod::CustomFunction(Box::new(check));
    settings.custom_setup = Box::new(move |target| connect(target.to_owned()));
    Manager::new_with_config(config.url.target(), settings)
}

fn builder<M: ManageConnection>(config: &DatabaseConfig) -> bb8::Builder<M> {
    let max = config.pool_max.max(1);
    bb8::Pool::builder()
        .max_size(max)
        .min_idle(config.pool_min.min(max))
        .idle_timeout(config.idle_timeout)
        .connection_timeout(config.acquire_timeout)
}

/// The last thing that went wrong, since bb8 tells its callers only that time was up.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<String>>);

impl Trouble {
    pub(crate) fn note(&self, what: &dyn Display) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_string());
    }

    pub(crate) fn last(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All is well again.
    pub(crate) fn over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn noted<C>(&self, connected: ConnectionResult<C>) -> ConnectionResult<C> {
        match &connected {
            Ok(_) => self.over(),
            Err(error) => self.note(error),
        }
        connected
    }
}
