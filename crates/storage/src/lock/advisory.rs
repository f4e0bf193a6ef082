//! The advisory lock on PostgreSQL, held by a connection of its own beside the pool.

use crate::backend::postgres::{self, FAMILY, LockNumbers, PostgresUrl, answered, quoted};
use crate::{DatabaseConfig, OpenError};
use bus::{Task, Tasks};
use diesel::sql_types::{Bool, Text};
use diesel::{OptionalExtension as _, QueryResult, QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for a server that is just ending and still holds the lock.
const ENDING: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(50);

/// How often the connection that holds the lock is checked, and how long its answer may take.
const CHECK_EVERY: Duration = Duration::from_secs(2);
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// The server notices within about 11 s that this machine has vanished, and releases the lock. It
/// never ends the connection for being idle.
const KEEPALIVES: &str = "SELECT set_config(name, '0', false) FROM pg_settings
        WHERE name = 'idle_session_timeout';
    SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 11000";

const HOLDER: &str = "format('%s at %s', nullif(application_name, ''),
        coalesce(host(client_addr), 'the same machine')) AS name";

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A process that wants the lock, now and whenever it has lost it.
#[derive(Clone)]
pub(super) struct Claimant {
    url: PostgresUrl,
    config: DatabaseConfig,
    /// The second number of the lock; see [`LockNumbers`].
    number: u32,
    /// The application name of its sessions, and of nobody else's.
    name: String,
}

impl Claimant {
    /// `what_for` is part of the name that refused processes see.
    pub(super) fn new(url: &PostgresUrl, config: &DatabaseConfig, what_for: &str) -> Self {
        // PostgreSQL keeps 63 bytes of it; the random number at the end makes it unique.
        let process = std::process::id();
        let name = format!(
            "parlor {what_for:.20}, process {process}, {:016x}",
            rand::random::<u64>()
        );
        Self {
            url: url.clone(),
            config: config.clone(),
            number: LockNumbers::of(config.schema.as_deref()).server,
            name,
        }
    }

    /// Takes the lock; the returned connection holds it.
    ///
    /// A session that holds the lock under this very name was lost on the way: the server may not
    /// notice for hours. So it is terminated, not waited for.
    pub(super) async fn lock(&self) -> Result<AsyncPgConnection, OpenError> {
        let mut connection = self.connect().await?;
        let since = Instant::now();
        while !self
            .take(&mut connection)
            .await
            .map_err(|error| self.config.unreachable(&error))?
        {
            if since.elapsed() > ENDING {
                return Err(self.held(&mut connection).await);
            }
            self.end_lost_sessions(&mut connection)
                .await
                .map_err(|error| self.config.unreachable(&error))?;
            tokio::time::sleep(POLL).await;
        }
        Ok(connection)
    }

    /// Fails if a server holds the lock.
    pub(super) async fn refuse_beside_a_server(&self) -> Result<(), OpenError> {
        let mut connection = self.connect().await?;
        let since = Instant::now();
        loop {
            match self
                .holder(&mut connection)
                .await
                .map_err(|error| self.config.unreachable(&error))?
            {
                None => return Ok(()),
                Some(holder) if since.elapsed() > ENDING => return Err(self.locked(holder)),
                Some(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    async fn connect(&self) -> Result<AsyncPgConnection, OpenError> {
        let mut connection = postgres::connect(&self.url, self.config.schema.as_deref())
            .await
            .map_err(|error| self.config.cannot_connect(&error))?;
        let name = quoted(&self.name);
        let set = format!("SET application_name = '{name}'; {KEEPALIVES}");
        answered(connection.batch_execute(&set))
            .await
            .map_err(|error| self.config.unreachable(&error))?;
        Ok(connection)
    }

    async fn end_lost_sessions(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        let (name, holders) = (quoted(&self.name), self.holders());
        let end =
            format!("SELECT pg_terminate_backend(pid) {holders} AND application_name = '{name}'");
        answered(connection.batch_execute(&end)).await
    }

    async fn held(&self, connection: &mut AsyncPgConnection) -> OpenError {
        let holder = self.holder(connection).await.ok().flatten();
        self.locked(holder.unwrap_or_else(|| "another server".into()))
    }

    async fn take(&self, connection: &mut AsyncPgConnection) -> QueryResult<bool> {
        let number = self.number;
        let take = format!("SELECT pg_try_advisory_lock({FAMILY}, {number}) AS taken");
        let row: Taken = answered(sql_query(take).get_result(connection)).await?;
        Ok(row.taken)
    }

    async fn holder(&self, connection: &mut AsyncPgConnection) -> QueryResult<Option<String>> {
        let query = sql_query(format!("SELECT {HOLDER} {}", self.holders()));
        let row: QueryResult<Holder> = answered(query.get_result(connection)).await;
        Ok(row.optional()?.map(|holder| holder.name))
    }

    fn holders(&self) -> String {
        let number = self.number;
        format!(
            "FROM pg_locks JOIN pg_stat_activity USING (pid)
             WHERE locktype = 'advisory' AND granted AND classid = {FAMILY} AND objid = {number}
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    }

    fn locked(&self, holder: String) -> OpenError {
        OpenError::Locked {
            store: self.config.store(),
            holder,
        }
    }
}

/// Keeps the lock until the task is cancelled: takes it again when its connection is lost, and
/// calls `on_taken` if another server was faster.
pub(super) fn keep(
    claimant: Claimant,
    held: AsyncPgConnection,
    tasks: &Tasks,
    on_taken: impl Fn(&OpenError) + Send + 'static,
) -> Task {
    let held = Arc::new(Mutex::new(Some(held)));
    let on_taken = Arc::new(Mutex::new(on_taken));
    tasks.restarting(
        "storage",
        format!("{} store lock", claimant.config.name),
        move || {
            let held = held.lock().take();
            let (claimant, on_taken) = (claimant.clone(), Arc::clone(&on_taken));
            async move {
                let connection = match held {
                    Some(connection) => Ok(connection),
                    None => claimant.lock().await,
                };
                match connection {
                    Ok(connection) => Err(until_lost(connection).await),
                    Err(error @ OpenError::Locked { .. }) => {
                        on_taken.lock()(&error);
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
        },
    )
}

/// Returns when the connection is lost, and the lock with it.
async fn until_lost(mut connection: AsyncPgConnection) -> anyhow::Error {
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        match tokio::time::timeout(CHECK_LIMIT, connection.batch_execute("SELECT 1")).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return anyhow::Error::new(error).context("lost the store lock"),
            Err(_) => return anyhow::anyhow!("the connection of the store lock does not answer"),
        }
    }
}
