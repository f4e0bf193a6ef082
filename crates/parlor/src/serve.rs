//! Serving: built, started, told to stop, stopped.

use crate::app::{self, RunningApp};
use crate::config::{Config, Switch};
use crate::exit::Failure;
use crate::metrics::ProcessMetrics;
use crate::notify::{Manager, NotifyConfig};
use crate::traces::{SpanMetrics, TracePipeline};
use crate::{signals, stop, watchdog};
use bus::Tasks;
use std::net::{IpAddr, SocketAddr};
use tokio_util::sync::CancellationToken;

/// Serves until a signal or a fault stops it. Fails when it could not start, or did not stop as it
/// should.
pub(crate) async fn serve(
    config: Config,
    wanted: &NotifyConfig,
    traces: Option<TracePipeline>,
) -> Result<(), Failure> {
    let process = ProcessMetrics::starting();
    let tasks = Tasks::new(CancellationToken::new());
    let traces = traces.map(|traces| traces.start(&tasks));
    // Before anything that may hang: a stop is heard from here on.
    let asked = signals::listen(&tasks)?;
    watchdog::follow(&tasks, config.drain);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        "starting"
    );
    let metrics = (process, SpanMetrics::of(traces.as_ref()));
    let manager = Manager::new(wanted);
    if let Some(open) = Box::pin(open(&config, &tasks, metrics, &manager)).await? {
        tasks.stopping().cancelled().await;
        manager.stopping();
        if !asked.is_cancelled() {
            tracing::error!("a part that the server cannot do without has ended: stopping");
        }
        let registry = open.registry.clone();
        let stopped = stop::stop(open, traces, config.drain).await;
        if let Some(durability_lost) = registry.durability() {
            return Err(Failure::of(durability_lost));
        }
        stopped?;
    }
    if asked.is_cancelled() {
        return Ok(());
    }
    let why = "stopped because a part of the server had ended; the log says which and why";
    Err(Failure::Failed(anyhow::anyhow!(why)))
}

/// Builds and starts the app. `None`: told to stop meanwhile; what had been opened is closed.
async fn open(
    config: &Config,
    tasks: &Tasks,
    metrics: (ProcessMetrics, SpanMetrics),
    manager: &Manager,
) -> Result<Option<RunningApp>, Failure> {
    let Some(app) = app::build(config, tasks).await? else {
        return Ok(None);
    };
    let addresses = app.addresses()?;
    let open = app.start(metrics).await?;
    if let Some(open) = &open {
        announce(config, addresses);
        manager.watched(tasks, open.running.bus(), &open.health);
        manager.ready(addresses[0]);
    }
    Ok(open)
}

fn announce(config: &Config, [address, operator]: [SocketAddr; 2]) {
    if config.limits == Switch::Off {
        tracing::warn!(
            setting = "limits",
            "limits are off: one client can take the whole server"
        );
    }
    if !address.ip().is_loopback() && config.is_open_to_all() {
        tracing::warn!(
            setting = "guests, registration",
            "anyone who reaches this address may come in as a guest or make an account"
        );
    }
    if !address.ip().is_loopback() && config.gateway.public_names.is_empty() {
        tracing::warn!(
            setting = "public_names",
            "the people's listener answers to any host name: name yours in public_names"
        );
    }
    if !operator.ip().is_loopback() {
        tracing::warn!(
            setting = "operator_listen",
            "the operator's listener asks for no password and can be reached from other machines"
        );
    }
    let url = url(address);
    tracing::info!(%address, %operator, "listening: open {url} in a browser");
}

/// What to type into a browser on this machine.
fn url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}/", address.port());
    }
    match address.ip() {
        IpAddr::V4(ip) => format!("http://{ip}:{}/", address.port()),
        IpAddr::V6(ip) => format!("http://[{ip}]:{}/", address.port()),
    }
}
