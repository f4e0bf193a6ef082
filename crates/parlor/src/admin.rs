//! `parlor admin`: what the operator does to the data, while the server runs or not.

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

/// Makes the account of this name a server administrator, and says so.
pub(crate) async fn grant(config: &Config, name: &str) -> Result<(), Failure> {
    let core = schema::databases(config)?.remove(0);
    // Beside a server that runs: one small transaction needs no store of its own.
    let core = DatabaseConfig {
        shared: true,
        ..core
    };
    let tasks = Tasks::new(CancellationToken::new());
    let builder = Builder::new(config.bus.clone(), &tasks);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let database = registry.open(core).await?;
    let granted = database
        .write(
            Grant {
                name: name.to_owned(),
            },
            WITHIN,
        )
        .await;
    registry.close(WITHIN).await;
    tasks.stop(WITHIN).await;
    let Ok(known) = granted.context("nothing was changed")?;
    if !known {
        return Err(Failure::Failed(anyhow::anyhow!(
            "there is no account called {name:?}: register it first"
        )));
    }
    println!("{name} is a server administrator from the next hello on");
    Ok(())
}
