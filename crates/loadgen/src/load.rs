//! Runs one load: warm up, measure, end; and measures what the server and the generator spent on
//! it.

use crate::counters::{Counters, Outcome};
use crate::event_loop::EventLoop;
use crate::fleet::Fleet;
use crate::plan::{Phase, PhaseSignal, Plan, Timing};
use crate::process;
use crate::target::Target;
use std::time::Instant;

/// Runs a plan over a fleet, its rooms divided among `threads`.
pub(crate) async fn measure(
    target: &Target,
    fleet: Fleet,
    plan: Plan,
    timing: Timing,
    threads: usize,
) -> anyhow::Result<Outcome> {
    let signal = PhaseSignal::new();
    let mut loops = Vec::new();
    for connections in fleet.into_connections(threads, plan.completion)? {
        let event_loop = EventLoop::new(plan, target.peer.protocol(), connections, signal.clone())?;
        loops.push(std::thread::spawn(move || event_loop.run()));
    }
    tokio::time::sleep(timing.warm_up).await;
    let own = std::process::id();
    let before = (target.cpu()?, process::cpu(own)?, Instant::now());
    signal.set(Phase::Measuring);
    tokio::time::sleep(timing.measured).await;
    signal.set(Phase::Ending);
    let (server_cpu, own_cpu, wall) = (
        target.cpu()?.saturating_sub(before.0),
        process::cpu(own)?.saturating_sub(before.1),
        before.2.elapsed(),
    );
    let resident = target.resident()?;
    let mut counters = Counters::new();
    for running in loops {
        // Joins off the runtime, which still has to drain the server's log.
        let ended = tokio::task::spawn_blocking(move || running.join()).await?;
        let ended = ended.map_err(|_| anyhow::anyhow!("an event loop panicked"))?;
        counters.add(&ended?);
    }
    Ok(Outcome {
        counters,
        wall,
        server_cpu,
        own_cpu,
        resident,
    })
}

/// Runs a plan without measuring it, to fill a store.
pub(crate) async fn fill(target: &Target, fleet: Fleet, plan: Plan) -> anyhow::Result<()> {
    let signal = PhaseSignal::new();
    for connections in fleet.into_connections(1, plan.completion)? {
        let event_loop = EventLoop::new(plan, target.peer.protocol(), connections, signal.clone())?;
        let counters = tokio::task::spawn_blocking(move || event_loop.run()).await??;
        anyhow::ensure!(!counters.faults.any(), "while filling: {}", counters.faults);
    }
    Ok(())
}
