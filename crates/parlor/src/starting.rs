//! Opens the databases and the listeners.
//!
//! Usually the databases come first, so that a second server on a store names the process that has
//! it, and not only the address that is taken. If they take long (a server that comes up later, a
//! long migration), the addresses are taken meanwhile: whoever asks learns that the server is not
//! ready yet and why, and the service manager keeps waiting.

use crate::config::{Config, ConfigError};
use crate::exit::Failure;
use crate::extensions::ExtensionHost;
use crate::notify::ServiceManager;
use crate::schema;
use gateway::{Health, Listeners};
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;
use storage::{Database, OpenError, Registry};
use tokio::time::{sleep, timeout};

/// How long the databases may take before the server listens without them.
const QUICK: Duration = Duration::from_millis(300);

/// How often the service manager learns that the start goes on.
const EXTEND_EVERY: Duration = Duration::from_secs(5);

/// Opens all critical databases; the others open in the background. Returns `core`, and the
/// listeners with their addresses.
pub(crate) async fn open_and_listen(
    config: &Config,
    (registry, host): (&Registry, &ExtensionHost),
    manager: &ServiceManager,
) -> Result<(Database, Listeners), Failure> {
    register(config, (registry, host))?;
    let mut opening = Box::pin(registry.initialise());
    let early = match timeout(QUICK, &mut opening).await {
        Ok(opened) => {
            opened?;
            None
        }
        Err(_) => listen_while(config, registry, manager, opening).await?,
    };
    let listeners = match early {
        Some(listeners) => listeners,
        None => bind(config)?,
    };
    Ok((core(registry), listeners))
}

/// Registers all databases without opening any.
pub(crate) fn register(
    config: &Config,
    (registry, host): (&Registry, &ExtensionHost),
) -> Result<(), ConfigError> {
    let replicas = schema::replicas(config)?;
    for database in schema::databases(config)?.into_iter().chain(replicas) {
        let registry = host.registry_for(&database.name, registry);
        registry.register(database);
    }
    Ok(())
}

/// Returns `core`, which is registered.
pub(crate) fn core(registry: &Registry) -> Database {
    let core = registry.database("core");
    core.expect("core is always configured")
}

/// Takes the addresses and answers that the server is not ready until the databases are open. If
/// the addresses cannot be had, only opens the databases.
async fn listen_while(
    config: &Config,
    registry: &Registry,
    manager: &ServiceManager,
    opening: impl Future<Output = Result<(), OpenError>>,
) -> Result<Option<Listeners>, Failure> {
    let opening = async {
        tokio::select! {
            biased;
            opened = opening => opened,
            never = keep_extending(registry, manager) => match never {},
        }
    };
    let listeners = match bind(config) {
        Ok(listeners) => listeners,
        Err(failure) => {
            tracing::warn!(error = %failure, "cannot listen yet; opening the databases first");
            opening.await?;
            return Ok(None);
        }
    };
    if let (Ok(address), Ok(operator)) = (listeners.address(), listeners.operator_address()) {
        tracing::info!(%address, %operator, "not ready yet: still opening the databases");
    }
    let health = Health::new(registry.probes());
    let settings = config.gateway();
    let serving = listeners.while_starting(&health, &settings, opening);
    serving.await?;
    Ok(Some(listeners))
}

/// Asks the service manager for more time, again and again, and says what the start waits for.
async fn keep_extending(registry: &Registry, manager: &ServiceManager) -> Infallible {
    loop {
        let causes = registry.why_not_open().join("; ");
        manager.starting(
            EXTEND_EVERY * 3,
            &format!("opening the databases: {causes}"),
        );
        sleep(EXTEND_EVERY).await;
    }
}

fn bind(config: &Config) -> Result<Listeners, Failure> {
    Listeners::bind(config.listen, config.operator_listen)
        .map_err(|error| Failure::Failed(error.into()))
}
