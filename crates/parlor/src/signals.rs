//! What the operator's signals do: the first stops gracefully, the second at once.

use crate::log_output;
use anyhow::Context as _;
use bus::Tasks;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Waits for one of them, for work that is simply broken off.
pub(crate) async fn any() -> anyhow::Result<&'static str> {
    let (mut term, mut int) = both()?;
    Ok(next(&mut term, &mut int).await)
}

/// Listens for SIGTERM and SIGINT from now on. The token says whether one has come.
pub(crate) fn listen(tasks: &Tasks) -> anyhow::Result<CancellationToken> {
    let (mut term, mut int) = both()?;
    let (stop, asked) = (tasks.stopping().clone(), CancellationToken::new());
    let told = asked.clone();
    tasks.once("parlor", "signals", async move {
        let signal = next(&mut term, &mut int).await;
        tracing::info!(signal, "stopping; a second signal stops at once");
        told.cancel();
        stop.cancel();
        let signal = next(&mut term, &mut int).await;
        tracing::warn!(signal, "a second signal: stopping at once");
        log_output::flush();
        std::process::exit(1);
    });
    Ok(asked)
}

fn both() -> anyhow::Result<(Signal, Signal)> {
    let term = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let int = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok((term, int))
}

async fn next(term: &mut Signal, int: &mut Signal) -> &'static str {
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}
