//! `parlor admin`: what the operator does to the data. PostgreSQL may be served meanwhile; an
//! embedded store has one user at a time.

use crate::config::Config;
use crate::exit::Failure;
use crate::schema;
use anyhow::Context as _;
use bus::{Builder, Tasks};
use sessions::api::directory;
use std::convert::Infallible;
use std::time::Duration;
use storage::prelude::*;
use storage::{DatabaseConfig, Registry};
use tokio_util::sync::CancellationToken;

/// How long the write may take: a server may be writing too.
const WITHIN: Duration = Duration::from_secs(10);

/// Makes an account a server administrator.
struct Grant {
    name: String,
}

impl Job for Grant {
    const NAME: &'static str = "parlor.grant";
    type Answer = bool;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Infallible>> {
        Ok(directory::grant_admin(tx, &self.name).await?)
    }
}

/// Deletes an account.
struct Delete {
    name: String,
}

impl Job for Delete {
    const NAME: &'static str = "parlor.delete_account";
    type Answer = bool;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<bool, JobError<Infallible>> {
        Ok(directory::delete_account(tx, &self.name).await?)
    }
}

/// Makes the account of this name a server administrator, and says so.
pub(crate) async fn grant(config: &Config, name: &str) -> Result<(), Failure> {
    let job = Grant {
        name: name.to_owned(),
    };
    to_account(config, name, job).await?;
    println!("{name} is a server administrator from the next hello on");
    Ok(())
}

/// Deletes the account of this name, and says so. A server on PostgreSQL does not hear of it:
/// connections that are open then last until they close.
pub(crate) async fn delete_account(config: &Config, name: &str) -> Result<(), Failure> {
    let job = Delete {
        name: name.to_owned(),
    };
    to_account(config, name, job).await?;
    println!(
        "{name} is called \"deleted user\" now, and nobody gets in by its sessions any more; \
         connections that are open end with the next restart at the latest"
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
