//! `parlor admin`: what the operator does to the data. PostgreSQL may be served meanwhile; an
//! embedded store has one user at a time.

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

/// How long the write may take: a server may be writing too.
const WITHIN: Duration = Duration::from_secs(10);

/// Makes the account of this name a server administrator, and says so.
pub(crate) async fn grant(config: &Config, name: &str) -> Result<(), Failure> {
    let job = GrantAdmin {
        name: name.to_owned(),
    };
    to_account(config, name, job).await?;
    println!("{name} is a server administrator from the next hello on");
    Ok(())
}

/// Deletes the account of this name, and says so. A server on PostgreSQL does not hear of it; it has
/// an action of its own for this.
pub(crate) async fn delete_account(config: &Config, name: &str) -> Result<(), Failure> {
    let job = EraseAccount {
        name: name.to_owned(),
    };
    to_account(config, name, job).await?;
    println!(
        "{name} is called \"deleted user\" now, and nobody gets in by its sessions any more; \
         a server that runs on this data ends its open connections when it is told by \
         POST /accounts/{name}/delete on its operator's listener, or restarted"
    );
    Ok(())
}

/// Carries out one small job that says whether there is such an account.
async fn to_account<J>(config: &Config, name: &str, job: J) -> Result<(), Failure>
where
    J: Job<Answer = bool, Refusal = Infallible>,
{
    // One small transaction needs no PostgreSQL of its own.
    let core = DatabaseConfig {
        shared: true,
        ..schema::core(config)?
    };
    let tasks = Tasks::new(CancellationToken::new());
    let builder = Builder::new(config.bus.clone(), &tasks);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let database = registry.open(core).await?;
    let done = database.write(job, WITHIN).await;
    registry.close(WITHIN).await;
    tasks.stop(WITHIN).await;
    let Ok(known) = done.context("nothing was changed")?;
    if !known {
        return Err(Failure::Failed(anyhow::anyhow!(
            "there is no account called {name:?}: register it first"
        )));
    }
    Ok(())
}
