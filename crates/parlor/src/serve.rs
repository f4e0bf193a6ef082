//! `parlor serve`: builds, starts and stops the server.

use crate::app::{self, RunningApp};
use crate::config::{Config, ExtensionState};
use crate::exit::{Failure, OnLostWrites};
use crate::metrics::ProcessMetrics;
use crate::notify::{NotifyConfig, ServiceManager};
use crate::traces::{SpanMetrics, TracePipeline};
use crate::{build_flags, signals, stop, watchdog};
use bus::Tasks;
use extension::Extension;
use std::net::{IpAddr, SocketAddr};
use tokio_util::sync::CancellationToken;

/// Runs the server until a signal or a fault stops it. Fails if it could not start or did not stop
/// cleanly.
pub(crate) async fn serve(
    (config, extensions): (Config, Vec<Extension>),
    notify: &NotifyConfig,
    traces: Option<TracePipeline>,
) -> Result<(), Failure> {
    let process = ProcessMetrics::starting();
    let tasks = Tasks::new(CancellationToken::new());
    let traces = traces.map(|traces| traces.start(&tasks));
    // Before anything that may hang, so that a signal can stop it.
    let signalled = signals::listen(&tasks)?;
    watchdog::arm(&tasks, config.drain);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        "starting"
    );
    build_flags::warn_of_missing();
    if !config.service_links.is_empty() {
        let variables = config.service_links.join(", ");
        tracing::debug!(
            variables,
            "ignored variables that Kubernetes or Docker set for a service"
        );
    }
    let metrics = (process, SpanMetrics::of(traces.as_ref()));
    let manager = ServiceManager::new(notify);
    let lost_writes = OnLostWrites::ExitProcess;
    let started = start(
        (&config, extensions),
        &tasks,
        metrics,
        &manager,
        lost_writes,
    );
    if let Some((app, _)) = Box::pin(started).await? {
        tasks.stopping().cancelled().await;
        manager.stopping();
        if !signalled.is_cancelled() {
            tracing::error!("an essential part of the server has ended or is stuck: stopping");
        }
        let registry = app.registry.clone();
        let stopped = stop::stop(app, traces, config.drain).await;
        if let Some(durability_lost) = registry.durability() {
            return Err(Failure::of(durability_lost));
        }
        stopped?;
    }
    if signalled.is_cancelled() {
        return Ok(());
    }
    let why =
        "stopped because an essential part of the server ended; see the log for which one and why";
    Err(Failure::Failed(anyhow::anyhow!(why)))
}

/// Builds and starts the app, and returns it with the addresses of its two listeners. Returns `None`,
/// with everything closed again, if the server is asked to stop meanwhile.
pub(crate) async fn start(
    (config, extensions): (&Config, Vec<Extension>),
    tasks: &Tasks,
    metrics: (ProcessMetrics, SpanMetrics),
    manager: &ServiceManager,
    lost_writes: OnLostWrites,
) -> Result<Option<(RunningApp, [SocketAddr; 2])>, Failure> {
    let Some(app) = app::build((config, extensions), tasks, manager, lost_writes).await? else {
        return Ok(None);
    };
    let addresses = app.addresses()?;
    let Some(app) = app.start(metrics).await? else {
        return Ok(None);
    };
    announce_extensions(config);
    announce(config, addresses);
    manager.start_watchdog(tasks, app.running.bus(), &app.health);
    manager.ready(addresses[0]);
    Ok(Some((app, addresses)))
}

fn announce_extensions(config: &Config) {
    for extension in &config.extensions {
        let name = extension.name();
        match extension.state {
            ExtensionState::Unlisted => tracing::info!(
                extension = name,
                "left out an extension: DATABASES does not list its database"
            ),
            ExtensionState::On if extension.declared.reads_private => tracing::info!(
                extension = name,
                "an extension reads the texts of private and direct rooms"
            ),
            ExtensionState::On | ExtensionState::Off => {}
        }
    }
}

fn announce(config: &Config, [address, operator]: [SocketAddr; 2]) {
    if !config.limits {
        tracing::warn!(
            setting = "limits",
            "limits are off: one client can take the whole server"
        );
    }
    if !address.ip().is_loopback() && config.is_open_to_all() {
        tracing::warn!(
            setting = "guests, registration",
            "anyone who reaches this address can enter as a guest or register an account"
        );
    }
    if !address.ip().is_loopback() && config.gateway.public_names.is_empty() {
        tracing::warn!(
            setting = "public_names",
            "the public listener answers to any host name: list yours in public_names"
        );
    }
    if !operator.ip().is_loopback() {
        tracing::warn!(
            setting = "operator_listen",
            "the operator's listener has no password and is reachable from other machines"
        );
    }
    let url = url(address);
    tracing::info!(%address, %operator, "listening: open {url} in a browser");
}

/// Returns the URL for a browser on this machine.
fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}/", address.port());
    }
    match address.ip() {
        IpAddr::V4(ip) => format!("http://{ip}:{}/", address.port()),
        IpAddr::V6(ip) => format!("http://[{ip}]:{}/", address.port()),
    }
}
