//! The hub's timers: its tick, and the reading of heads.

use super::requests::{HeadsRead, SendHeads, Ticked};
use super::{OWNER, foreign_push};
use crate::shared::Shared;
use anyhow::Context as _;
use rooms::api::RecentHeads;
use std::sync::Arc;
use std::time::Duration;

/// Short compared with everything that depends on it.
const TICK: Duration = Duration::from_millis(500);
/// So that clients notice a lost push within fifteen seconds.
const HEADS: Duration = Duration::from_secs(10);
/// Pause between two steps of pushing heads, so that the runtime polls its sockets: while it is busy it
/// does so only every few dozen tasks.
const BETWEEN: Duration = Duration::from_millis(2);

/// Starts the timers and the delivery of pushes from outside; the bus must be running.
pub(crate) fn start(shared: &Arc<Shared>) {
    foreign_push::start(shared);
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
        .context("could not read the rooms' heads")?
        .map_err(|refusal| anyhow::anyhow!("could not read the rooms' heads: {refusal:?}"))?;
    shared.bus.publish(HeadsRead { heads }).await;
    Ok(())
}

/// Has the hub push the due heads step by step, so that its other work goes in between. If the hub does
/// not answer, the next tick goes on.
async fn send_heads(shared: &Shared) {
    let within = shared.limits.ask_within;
    while let Ok(true) = shared.bus.ask(SendHeads, within).await {
        tokio::time::sleep(BETWEEN).await;
    }
}
