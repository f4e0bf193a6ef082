//! `parlor admin`: the operator's changes to the data. A server may run on PostgreSQL meanwhile,
//! but not on an embedded store, which only one process may use.

use crate::config::Config;
use crate::exit::Failure;
use crate::schema;
use anyhow::Context as _;
use bus::{Builder, Tasks};
use sessions::api::operator::{EraseAccount, GrantAdmin};
use std::convert::Infallible;
use std::time::Duration;
use storage::prelude::*;
use storage::{DatabaseConfig, Registry};
use tokio_util::sync::CancellationToken;

/// Time limit of the write: a server may be writing at the same time.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Makes the account of this name a server administrator.
pub(crate) async fn grant(config: &Config, name: &str) -> Result<(), Failure> {
    let job = GrantAdmin {
        name: name.to_owned(),
    };
    to_account(config, name, job).await?;
    println!("{name} is a server administrator, from the next hello on");
    Ok(())
}

/// Deletes the account of this name. A server that runs on PostgreSQL does not notice; its
/// operator's listener has an action for this.
pub(crate) async fn delete_account(config: &Config, name: &str) -> Result<(), Failure> {
    let job = EraseAccount {
        name: name.to_owned(),
    };
    to_account(config, name, job).await?;
    println!(
        "deleted {name}: it shows as \"deleted user\" and its sessions have ended; to close its \
         open connections on a running server, send POST /accounts/{name}/delete to the \
         operator's listener or restart the server"
    );
    Ok(())
}

/// Runs one small job on an account; fails if there is none of this name.
async fn to_account<J>(config: &Config, name: &str, job: J) -> Result<(), Failure>
where
    J: Job<Answer = bool, Refusal = Infallible>,
{
    // One small transaction does not need the exclusive lock on a PostgreSQL database.
    let core = DatabaseConfig {
        shared: true,
        ..schema::core(config)?
    };
    let tasks = Tasks::new(CancellationToken::new());
    let builder = Builder::new(config.bus.clone(), &tasks);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let database = registry.open(core).await?;
    let done = database.write(job, TIME_LIMIT).await;
    registry.close(TIME_LIMIT).await;
    tasks.stop(TIME_LIMIT).await;
    let Ok(known) = done.context("nothing was changed")?;
    if !known {
        return Err(Failure::Failed(anyhow::anyhow!(
            "there is no account called {name:?}: register it first"
        )));
    }
    Ok(())
}
