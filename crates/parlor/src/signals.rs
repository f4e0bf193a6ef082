//! What the operator's signals do: the first stops gracefully, the second at once.

use anyhow::Context as _;
use bus::Tasks;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for SIGTERM and SIGINT from now on.
pub(crate) fn listen(tasks: &Tasks) -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let stop = tasks.stopping().clone();
    tasks.once("parlor", "signals", async move {
        let signal = next(&mut term, &mut int).await;
        tracing::info!(signal, "stopping; a second signal stops at once");
        stop.cancel();
        let signal = next(&mut term, &mut int).await;
        tracing::warn!(signal, "a second signal: stopping at once");
        std::process::exit(1);
    });
    Ok(())
}

async fn next(term: &mut Signal, int: &mut Signal) -> &'static str {
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}
