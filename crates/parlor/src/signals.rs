//! Signals: the first stops the server gracefully, the second exits immediately.

use crate::log_output;
use anyhow::Context as _;
use bus::Tasks;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Waits for SIGTERM or SIGINT, for work that is simply interrupted.
pub(crate) async fn any() -> anyhow::Result<&'static str> {
    let (mut term, mut int) = both()?;
    Ok(next(&mut term, &mut int).await)
}

/// Listens for SIGTERM and SIGINT from now on. The returned token is cancelled when one has
/// arrived.
pub(crate) fn listen(tasks: &Tasks) -> anyhow::Result<CancellationToken> {
    let (mut term, mut int) = both()?;
    let (stop, received) = (tasks.stopping().clone(), CancellationToken::new());
    let signalled = received.clone();
    tasks.once("parlor", "signals", async move {
        let signal = next(&mut term, &mut int).await;
        tracing::info!(signal, "stopping; a second signal stops at once");
        signalled.cancel();
        stop.cancel();
        let signal = next(&mut term, &mut int).await;
        tracing::warn!(signal, "a second signal: stopping at once");
        log_output::flush();
        std::process::exit(1);
    });
    Ok(received)
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
