//! The hub's timers: a clock, and the reading of heads.

use super::OWNER;
use super::requests::{HeadsRead, SendHeads, Ticked};
use crate::shared::Shared;
use anyhow::Context as _;
use rooms::api::RecentHeads;
use std::sync::Arc;
use std::time::Duration;

/// Short against everything that is timed by it.
const TICK: Duration = Duration::from_millis(500);
/// So that a lost push is noticed within fifteen seconds.
const HEADS: Duration = Duration::from_secs(10);
/// Between two bits of telling heads, so that sockets are looked at too: a runtime that always has
/// something to do does so every few dozen times only.
const BETWEEN: Duration = Duration::from_millis(2);

/// Starts them; the bus must be running.
pub(crate) fn start(shared: &Arc<Shared>) {
    let ticking = Arc::clone(shared);
    shared
        .tasks
        .periodic(OWNER, "gateway.tick", TICK, 0.0, move || {
            let shared = Arc::clone(&ticking);
            async move {
                shared.bus.publish(Ticked).await;
                send_heads(&shared).await;
                Ok(())
            }
        });
    let reading = Arc::clone(shared);
    shared
        .tasks
        .periodic(OWNER, "gateway.heads", HEADS, 0.1, move || {
            read_heads(Arc::clone(&reading))
        });
}

async fn read_heads(shared: Arc<Shared>) -> anyhow::Result<()> {
    let asked = shared.bus.ask(RecentHeads, shared.limits.ask_within).await;
    let heads = asked
        .context("reading heads")?
        .map_err(|refusal| anyhow::anyhow!("reading heads: {refusal:?}"))?;
    shared.bus.publish(HeadsRead { heads }).await;
    Ok(())
}

/// Has the hub tell the heads that are due, bit by bit: what waits for it meanwhile goes first. Where
/// the hub has no time for that, the next tick goes on.
async fn send_heads(shared: &Shared) {
    let within = shared.limits.ask_within;
    while let Ok(true) = shared.bus.ask(SendHeads, within).await {
        tokio::time::sleep(BETWEEN).await;
    }
}
