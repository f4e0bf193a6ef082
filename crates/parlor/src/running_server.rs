//! A server that runs inside another program.

use crate::app::RunningApp;
use crate::config::Config;
use crate::exit::{Failure, OnLostWrites};
use crate::metrics::ProcessMetrics;
use crate::notify::{NotifyConfig, ServiceManager};
use crate::traces::SpanMetrics;
use crate::{ServerError, serve, stop};
use anyhow::anyhow;
use bus::{Bus, Tasks};
use extension::Extension;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use storage::Database;
use tokio_util::sync::CancellationToken;

/// A running server, from [`Server::start`](crate::Server::start). Call [`RunningServer::stop`] at the
/// end: dropped, it leaves its store as a crash does, and its tasks end with their runtime.
#[must_use = "dropped, it is not stopped gracefully"]
pub struct RunningServer {
    app: RunningApp,
    addresses: [SocketAddr; 2],
    drain: Duration,
}

impl RunningServer {
    pub(crate) async fn start(config: Config, extensions: Vec<Extension>) -> Result<Self, Failure> {
        let tasks = Tasks::new(CancellationToken::new());
        let metrics = (ProcessMetrics::starting(), SpanMetrics::of(None));
        let manager = ServiceManager::new(&NotifyConfig::default());
        let lost_writes = OnLostWrites::StopServer;
        let started = serve::start(
            (&config, extensions),
            &tasks,
            metrics,
            &manager,
            lost_writes,
        )
        .await?;
        let Some((app, addresses)) = started else {
            return Err(Failure::Failed(anyhow!(
                "the server ended while it started"
            )));
        };
        Ok(Self {
            app,
            addresses,
            drain: config.drain,
        })
    }

    /// Returns the address of the public listener, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Returns the address of the operator's listener, with the real port.
    #[must_use]
    pub fn operator_address(&self) -> SocketAddr {
        self.addresses[1]
    }

    /// Returns the server's bus, for instance to wait until it is quiet.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        self.app.running.bus()
    }

    /// Returns the server's tasks, for instance to look at the live ones.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.app.tasks
    }

    /// Returns a database of the server; `None` if it has none of this name.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<Database> {
        self.app.registry.database(name)
    }

    /// Waits until the server has to stop by itself, since a part that it cannot do without has ended
    /// or a store has lost writes. It still has to be stopped then.
    pub async fn failing(&self) {
        self.app.tasks.stopping().cancelled().await;
    }

    /// Lets go of everything, as the end of a killed process does: nothing is closed. Its runtime must
    /// have ended.
    #[cfg(feature = "testing")]
    pub(crate) async fn abandon(self) {
        // Breaks the circle of handles to the bus and to databases that its wiring holds.
        self.app.running.stop(Duration::ZERO).await;
    }

    /// Stops the server gracefully, within its setting `drain_ms`.
    ///
    /// # Errors
    /// If commands or the store were left unfinished, or the store has lost writes.
    pub async fn stop(self) -> Result<(), ServerError> {
        let registry = self.app.registry.clone();
        self.app.tasks.stopping().cancel();
        let stopped = stop::stop(self.app, None, self.drain).await;
        match registry.durability() {
            Some(lost) => Err(ServerError(Failure::of(lost))),
            None => stopped.map_err(|error| ServerError(error.into())),
        }
    }
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningServer")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
