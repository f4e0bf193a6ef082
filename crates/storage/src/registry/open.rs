//! Opening a database, step by step.

use super::context::DatabaseContext;
use super::open_database::{OpenDatabase, watch};
use crate::backend::postgres::{CONNECT_TIMEOUT, check_server};
use crate::lock::StoreLock;
use crate::replica::ReadReplica;
use crate::watermark::check_at_start;
use crate::{DatabaseConfig, OpenError, ReplicaOf, Url, migrate, transfer};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a database that did not open may take to close again.
const GIVE_UP: Duration = Duration::from_secs(2);

/// How soon a replica that has not yet caught up is checked again.
const CHECK_AGAIN: Duration = Duration::from_millis(50);

/// Takes the lock, migrates, assembles the pool and the lanes, and runs one query. `on_lock_lost`
/// is called if another server takes the store later.
pub(super) async fn open(
    config: DatabaseConfig,
    context: &DatabaseContext,
    on_lock_lost: impl Fn(&OpenError) + Send + 'static,
) -> Result<OpenDatabase, OpenError> {
    let lock = StoreLock::take(&config, &context.tasks, on_lock_lost).await?;
    migrate::migrate(&config).await?;
    transfer::refuse_unfinished(&config).await?;
    check_at_start(&config).await?;
    let file = lock.as_ref().and_then(StoreLock::file);
    let watch = watch(&config, file).map_err(|error| config.unreachable(&error))?;
    let opened = OpenDatabase::assemble(config, lock, watch, context);
    if let Err(error) = opened.wait_for_answer(&context.tasks).await {
        opened.close(GIVE_UP).await;
        return Err(error.into());
    }
    let pool = Arc::clone(&opened.pool);
    // A failure is logged there.
    let _ = tokio::task::spawn_blocking(move || pool.note_file_name()).await;
    Ok(opened)
}

/// Opens a pool without lanes, lock or migrations, and waits until the replica has caught up with
/// its primary.
pub(super) async fn open_replica(
    config: DatabaseConfig,
    replica_of: &ReplicaOf,
    context: &DatabaseContext,
    replica: Option<&ReadReplica>,
) -> Result<OpenDatabase, OpenError> {
    let Some(replica) = replica else {
        let why = format!("there is no database {}", replica_of.primary);
        return Err(config.unusable(&why));
    };
    let Url::Postgres(url) = &config.url else {
        return Err(config.unusable("SQLite has no replicas"));
    };
    check_server(url, &config).await?;
    replica.reset();
    let opened = OpenDatabase::assemble(config, None, None, context);
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    loop {
        let problem = match replica.check(&opened.pool, replica_of.lag_max).await {
            Ok(()) => return Ok(opened),
            Err(problem) => problem,
        };
        if problem.may_pass() && Instant::now() < deadline {
            tokio::time::sleep(CHECK_AGAIN).await;
            continue;
        }
        opened.close(GIVE_UP).await;
        return Err(problem.into_open_error(&opened.config));
    }
}
