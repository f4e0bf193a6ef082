//! The advisory lock on PostgreSQL, on a connection of its own beside the pool.

use crate::postgres::{self, quoted};
use crate::registry::unreachable;
use crate::{DatabaseConfig, OpenError};
use bus::{Task, Tasks};
use diesel::sql_types::{Bool, Text};
use diesel::{OptionalExtension as _, QueryResult, QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a server that is just ending may still hold the lock.
const ENDING: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(50);

/// How often the connection that holds the lock is looked at, and for how long.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Two numbers name the lock: `parl` and 1. Migrations use 2.
const TAKE: &str = "SELECT pg_try_advisory_lock(1885434476, 1) AS taken";

const HOLDER: &str = "SELECT format('%s at %s', nullif(application_name, ''),
        coalesce(host(client_addr), 'the same machine')) AS name
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 1885434476 AND objid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

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

/// Takes the lock; the connection it returns holds it.
pub(super) async fn lock(
    url: &str,
    config: &DatabaseConfig,
) -> Result<AsyncPgConnection, OpenError> {
    let mut connection = connect(url, config).await?;
    let since = Instant::now();
    while !take(&mut connection)
        .await
        .map_err(|error| unreachable(config, &error))?
    {
        if since.elapsed() > ENDING {
            return Err(held(&mut connection, config).await);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(connection)
}

/// Fails when a server holds the lock.
pub(super) async fn refuse_beside_a_server(
    url: &str,
    config: &DatabaseConfig,
) -> Result<(), OpenError> {
    let mut connection = connect(url, config).await?;
    let since = Instant::now();
    loop {
        match holder(&mut connection)
            .await
            .map_err(|error| unreachable(config, &error))?
        {
            None => return Ok(()),
            Some(holder) if since.elapsed() > ENDING => {
                return Err(OpenError::Locked {
                    store: config.store(),
                    holder,
                });
            }
            Some(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Looks after the lock until the task is cancelled: takes it again when its connection is lost,
/// and says so if another server was faster.
pub(super) fn keep(
    held: AsyncPgConnection,
    url: &str,
    config: &DatabaseConfig,
    tasks: &Tasks,
    on_taken: impl Fn(&OpenError) + Send + 'static,
) -> Task {
    let held = Arc::new(Mutex::new(Some(held)));
    let (url, config) = (url.to_owned(), config.clone());
    let on_taken = Arc::new(Mutex::new(on_taken));
    tasks.restarting(
        "storage",
        format!("{} store lock", config.name),
        move || {
            let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (url, config, on_taken) = (url.clone(), config.clone(), Arc::clone(&on_taken));
            async move {
                let connection = match held {
                    Some(connection) => Ok(connection),
                    None => lock(&url, &config).await,
                };
                match connection {
                    Ok(connection) => Err(watch(connection).await),
                    Err(error @ OpenError::Locked { .. }) => {
                        on_taken.lock().unwrap_or_else(PoisonError::into_inner)(&error);
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
        },
    )
}

/// Returns when the connection is lost, and the lock with it.
async fn watch(mut connection: AsyncPgConnection) -> anyhow::Error {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match tokio::time::timeout(LOOK_LIMIT, connection.batch_execute("SELECT 1")).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return anyhow::Error::new(error).context("the store lock is lost"),
            Err(_) => return anyhow::anyhow!("the store lock's connection does not answer"),
        }
    }
}

async fn connect(url: &str, config: &DatabaseConfig) -> Result<AsyncPgConnection, OpenError> {
    let mut connection = postgres::connect(url)
        .await
        .map_err(|error| unreachable(config, &error))?;
    let name = format!("parlor {}, process {}", config.name, std::process::id());
    let name = format!("SET application_name = '{}'", quoted(&name));
    connection
        .batch_execute(&name)
        .await
        .map_err(|error| unreachable(config, &error))?;
    Ok(connection)
}

async fn take(connection: &mut AsyncPgConnection) -> QueryResult<bool> {
    let row: Taken = sql_query(TAKE).get_result(connection).await?;
    Ok(row.taken)
}

async fn holder(connection: &mut AsyncPgConnection) -> QueryResult<Option<String>> {
    let row: QueryResult<Holder> = sql_query(HOLDER).get_result(connection).await;
    Ok(row.optional()?.map(|holder| holder.name))
}

async fn held(connection: &mut AsyncPgConnection, config: &DatabaseConfig) -> OpenError {
    let holder = holder(connection).await.ok().flatten();
    let holder = holder.unwrap_or_else(|| "another server".into());
    OpenError::Locked {
        store: config.store(),
        holder,
    }
}
