//! The composition root: builds the server from the configuration and starts it.
//!
//! Nothing is spawned before everything has been built and checked: a wiring mistake, a store in
//! use and a taken address are errors of [`build`], which leaves nothing behind.

use crate::config::Config;
use crate::exit::{self, Failure, OnLostWrites};
use crate::extensions::{ExtensionHost, Extensions};
use crate::metrics::{self, ProcessMetrics};
use crate::notify::ServiceManager;
use crate::starting::{core, open_and_listen, register};
use crate::traces::SpanMetrics;
use anyhow::Context as _;
use bus::SystemClock;
use bus::{Builder, Catalogue, Running, Tasks};
use extension::Extension;
use gateway::{Gateway, Health, Listeners, OperatorView, Serving};
use sessions::SystemRandom;
use sessions::api::KeepConnected;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use storage::{Database, Registry};
use tokio_util::sync::CancellationToken;

/// Time limit for closing a store after a failed or abandoned start.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(2);

/// The server, built but not started.
pub(crate) struct App {
    tasks: Tasks,
    registry: Registry,
    builder: Builder,
    gateway: Gateway,
    gateway_settings: gateway::Settings,
    sessions: sessions::Deps,
    rooms: rooms::Deps,
    messaging: messaging::Deps,
    extensions: Extensions,
    listeners: Listeners,
}

/// The running server, with the handles that a stop needs.
pub(crate) struct RunningApp {
    pub(crate) tasks: Tasks,
    pub(crate) registry: Registry,
    pub(crate) running: Running,
    pub(crate) gateway: Gateway,
    pub(crate) health: Health,
    pub(crate) serving: Serving,
    /// Ends with the server: extensions run in threads of their own.
    pub(crate) extensions: Extensions,
}

/// Opens the databases, creates the room `general`, and wires the crates together. Returns `None`
/// if the process is asked to stop first; then, and after an error, closes what it opened.
pub(crate) async fn build(
    (config, extensions): (&Config, Vec<Extension>),
    tasks: &Tasks,
    manager: &ServiceManager,
    lost_writes: OnLostWrites,
) -> Result<Option<App>, Failure> {
    let builder = Builder::new(config.bus.clone(), tasks);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let host = ExtensionHost::start(&config.extensions, &builder, tasks)?;
    // Closing the databases of extensions needs their threads, also after a failed start.
    let _threads = host.threads();
    exit::when_durability_is_lost(&registry, tasks, lost_writes);
    let assembling = async {
        let (core, listeners) = open_and_listen(config, (&registry, &host), manager).await?;
        rooms::create_general(&rooms::Deps::new(core.clone(), config.rooms.clone()))
            .await
            .context("cannot create the room general")?;
        let parts = Parts {
            tasks: tasks.clone(),
            registry: registry.clone(),
            core,
            listeners,
            host,
        };
        wire((config, extensions), parts, builder)
    };
    let app = unless_stopped(tasks, assembling).await;
    if !matches!(app, Ok(Some(_))) {
        registry.close(ABANDON_TIMEOUT).await;
    }
    app
}

/// Runs a part of the start that may hang, such as waiting for a database or a migration's lock.
/// Returns `None`, and drops the work, as soon as the process is asked to stop; what it has not
/// committed by then is lost.
async fn unless_stopped<T>(
    tasks: &Tasks,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<Option<T>, Failure> {
    tokio::select! {
        biased;
        () = tasks.stopping().cancelled() => {
            tracing::info!("asked to stop during the start");
            Ok(None)
        }
        done = work => done.map(Some),
    }
}

/// What the crates are wired with.
struct Parts {
    tasks: Tasks,
    registry: Registry,
    core: Database,
    listeners: Listeners,
    host: ExtensionHost,
}

/// Wires the crates together. Asks no database.
fn wire(
    (config, extensions): (&Config, Vec<Extension>),
    parts: Parts,
    mut builder: Builder,
) -> Result<App, Failure> {
    let Parts {
        tasks,
        registry,
        core,
        mut listeners,
        host,
    } = parts;
    let rooms = rooms::Deps::new(core.clone(), config.rooms.clone());
    let clock = SystemClock::new();
    let sessions = sessions::Deps::new(core.clone(), config.sessions(), clock, SystemRandom);
    let messaging = messaging::Deps::new(core.clone(), config.messaging.clone());
    storage::wire(&mut builder);
    sessions::wire(&mut builder, &sessions);
    rooms::wire(&mut builder, &rooms);
    messaging::wire(&mut builder, &messaging);
    Listeners::wire(&mut builder);
    builder.asks::<KeepConnected>();
    let (extensions, ops) = Extensions::install(
        extensions,
        &config.extensions,
        &host,
        (&core, &registry),
        (&mut builder, &mut listeners),
    )?;
    let gateway_settings = config.gateway();
    let limits = gateway_settings.limits.clone();
    let gateway = Gateway::with_ops(&mut builder, &tasks, limits, ops);
    Ok(App {
        tasks,
        registry,
        builder,
        gateway,
        gateway_settings,
        sessions,
        rooms,
        messaging,
        extensions,
        listeners,
    })
}

/// Returns every event and request of this server, which is wired for that and not started. Opens no
/// database. Call it within a runtime.
pub(crate) fn catalogue(config: &Config, extensions: Vec<Extension>) -> Result<Catalogue, Failure> {
    let tasks = Tasks::new(CancellationToken::new());
    let builder = Builder::new(config.bus.clone(), &tasks);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let host = ExtensionHost::start(&config.extensions, &builder, &tasks)?;
    register(config, (&registry, &host))?;
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let parts = Parts {
        core: core(&registry),
        tasks,
        registry,
        listeners: Listeners::bind(any, any).context("cannot take a free port")?,
        host,
    };
    let app = wire((config, extensions), parts, builder)?;
    Ok(app.builder.catalogue())
}

impl App {
    /// Returns the addresses of the public and the operator's listener, with real ports.
    pub(crate) fn addresses(&self) -> anyhow::Result<[SocketAddr; 2]> {
        Ok([
            self.listeners.address()?,
            self.listeners.operator_address()?,
        ])
    }

    /// Starts the bus, then the timers, then the listeners. Returns `None` if the process is asked
    /// to stop meanwhile.
    pub(crate) async fn start(
        mut self,
        (process, spans): (ProcessMetrics, SpanMetrics),
    ) -> Result<Option<RunningApp>, Failure> {
        let loaded = async {
            let started = self.builder.start().await;
            started.map_err(|error| Failure::Failed(error.into()))
        };
        let running = match unless_stopped(&self.tasks, loaded).await {
            Ok(Some(running)) => running,
            otherwise => {
                self.registry.close(ABANDON_TIMEOUT).await;
                return otherwise.map(|_| None);
            }
        };
        sessions::tasks(&self.tasks, running.bus(), &self.sessions);
        rooms::tasks(&self.tasks, &self.rooms);
        messaging::tasks(&self.tasks, &self.messaging);
        let mut probes = self.registry.probes();
        probes.extend(self.extensions.probes());
        self.gateway.start();
        self.extensions.start(&self.gateway, &self.tasks);
        let mut metrics = self.gateway.metrics();
        metrics.add(process);
        metrics.add(spans);
        metrics.add(metrics::StorageMetrics(self.registry.clone()));
        self.extensions.add_metrics(&mut metrics);
        let health = Health::new(probes);
        let own = [self.registry.actions(), sessions::actions(&self.sessions)];
        let actions = own.into_iter().chain(self.extensions.actions()).collect();
        let view = OperatorView { metrics, actions };
        let serving = self
            .listeners
            .start(&self.gateway, &health, view, &self.gateway_settings);
        Ok(Some(RunningApp {
            tasks: self.tasks,
            registry: self.registry,
            running,
            gateway: self.gateway,
            health,
            serving,
            extensions: self.extensions,
        }))
    }
}
