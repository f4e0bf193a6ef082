//! Requests and their acknowledgements, so many in flight; each client in a room of its own.

use crate::crowd::{Crowd, Shape};
use crate::load;
use crate::options::{LoadOptions, ServerOptions};
use crate::plan::{Goal, Pace, Plan};
use crate::tally::Outcome;
use crate::target::Target;
use anyhow::ensure;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Connections, each in a room of its own.
    #[arg(long, default_value_t = 50)]
    pub(crate) clients: usize,
    /// Messages of each connection that have no answer yet.
    #[arg(long, default_value_t = 16)]
    pub(crate) in_flight: u64,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let target = Target::start(&options.server).await?;
    on(&target, options).await
}

/// Loads a server that runs.
pub(crate) async fn on(target: &Target, options: &Options) -> anyhow::Result<Outcome> {
    ensure!(
        target.peer.dialect().answers(),
        "{:?} acknowledges nothing",
        target.peer
    );
    let crowd = Crowd::seat(target, Shape::new(options.clients, 1, 1)).await?;
    let pace = Pace::Closed {
        outstanding: options.in_flight,
    };
    let plan = Plan::new(pace, Goal::Ack);
    load::measure(
        target,
        crowd,
        plan,
        options.load.spell(),
        options.load.threads,
    )
    .await
}

/// Stores so many messages in 64 rooms and goes.
pub(crate) async fn store(target: &Target, messages: u64) -> anyhow::Result<()> {
    let crowd = Crowd::seat(target, Shape::new(64, 1, 1)).await?;
    let plan = Plan {
        sends_max: messages,
        ..Plan::new(Pace::Closed { outstanding: 16 }, Goal::Ack)
    };
    load::fill(target, crowd, plan).await
}
