//! What the operator's signals do: the first stops gracefully, the second at once.

use crate::lines;
use anyhow::Context as _;
use bus::Tasks;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Listens for SIGTERM and SIGINT from now on. The token says whether one has come.
pub(crate) fn listen(tasks: &Tasks) -> anyhow::Result<CancellationToken> {
    let mut term = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let (stop, asked) = (tasks.stopping().clone(), CancellationToken::new());
    let told = asked.clone();
    tasks.once("parlor", "signals", async move {
        let signal = next(&mut term, &mut int).await;
        tracing::info!(signal, "stopping; a second signal stops at once");
        told.cancel();
        stop.cancel();
        let signal = next(&mut term, &mut int).await;
        tracing::warn!(signal, "a second signal: stopping at once");
        lines::flush();
        std::process::exit(1);
    });
    Ok(asked)
}

async fn next(term: &mut Signal, int: &mut Signal) -> &'static str {
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}
