//! One measured load: warm up, measure, end; what the server and the generator spent on it.

use crate::crowd::Crowd;
use crate::plan::{Baton, Phase, Plan, Spell};
use crate::process;
use crate::pump::Pump;
use crate::tally::{Outcome, Tally};
use crate::target::Target;
use std::time::Instant;

/// Runs a plan over a crowd, rooms shared out among `threads`.
pub(crate) async fn measure(
    target: &Target,
    crowd: Crowd,
    plan: Plan,
    spell: Spell,
    threads: usize,
) -> anyhow::Result<Outcome> {
    let baton = Baton::new();
    let mut loops = Vec::new();
    for seats in crowd.into_seats(threads, plan.goal)? {
        let pump = Pump::new(plan, target.peer.dialect(), seats, baton.clone())?;
        loops.push(std::thread::spawn(move || pump.run()));
    }
    tokio::time::sleep(spell.warm).await;
    let own = std::process::id();
    let before = (target.cpu()?, process::cpu(own)?, Instant::now());
    baton.set(Phase::Measuring);
    tokio::time::sleep(spell.measured).await;
    baton.set(Phase::Ending);
    let (server_cpu, own_cpu, wall) = (
        target.cpu()?.saturating_sub(before.0),
        process::cpu(own)?.saturating_sub(before.1),
        before.2.elapsed(),
    );
    let resident = target.resident()?;
    let mut tally = Tally::new();
    for running in loops {
        // The end is awaited beside the runtime, which still takes the server's log.
        let ended = tokio::task::spawn_blocking(move || running.join()).await?;
        let ended = ended.map_err(|_| anyhow::anyhow!("a loop panicked"))?;
        tally.add(&ended?);
    }
    Ok(Outcome {
        tally,
        wall,
        server_cpu,
        own_cpu,
        resident,
    })
}

/// Sends `messages` as fast as they are acknowledged, unmeasured.
pub(crate) async fn fill(target: &Target, crowd: Crowd, plan: Plan) -> anyhow::Result<()> {
    let baton = Baton::new();
    for seats in crowd.into_seats(1, plan.goal)? {
        let pump = Pump::new(plan, target.peer.dialect(), seats, baton.clone())?;
        let tally = tokio::task::spawn_blocking(move || pump.run()).await??;
        anyhow::ensure!(!tally.faults.any(), "while filling: {}", tally.faults);
    }
    Ok(())
}
