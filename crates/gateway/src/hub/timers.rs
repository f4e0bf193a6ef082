//! The hub's timers: a clock, and the reading of heads.

use super::OWNER;
use super::requests::{HeadsRead, Ticked};
use crate::shared::Shared;
use anyhow::Context as _;
use rooms::api::RecentHeads;
use std::sync::Arc;
use std::time::Duration;

/// Short against everything that is timed by it.
const TICK: Duration = Duration::from_millis(500);
/// So that a lost push is noticed within fifteen seconds.
const HEADS: Duration = Duration::from_secs(10);
/// Heads are told of so many rooms at once, and then what waits meanwhile goes first: told all
/// together, those of a thousand rooms would hold up every entry for as long as it takes to write to
/// everyone.
const HEADS_AT_ONCE: usize = 32;
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
    for heads in heads.chunks(HEADS_AT_ONCE) {
        let heads = heads.to_vec();
        shared.bus.publish(HeadsRead { heads }).await;
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}
