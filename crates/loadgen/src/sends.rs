//! Sends and their acknowledgements, a fixed number in flight; each client in its own room.

use crate::counters::Outcome;
use crate::fleet::{Fleet, Layout};
use crate::load;
use crate::options::{LoadOptions, ServerOptions};
use crate::plan::{Completion, Pace, Plan};
use crate::target::Target;
use anyhow::ensure;

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Connections, each in its own room.
    #[arg(long, default_value_t = 50)]
    pub(crate) clients: usize,
    /// Unacknowledged messages of each connection.
    #[arg(long, default_value_t = 16)]
    pub(crate) in_flight: u64,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let target = Target::start(&options.server).await?;
    measure(&target, options).await
}

/// Loads a running server.
pub(crate) async fn measure(target: &Target, options: &Options) -> anyhow::Result<Outcome> {
    ensure!(
        target.peer.protocol().has_acks(),
        "{:?} acknowledges nothing",
        target.peer
    );
    let fleet = Fleet::connect(target, Layout::new(options.clients, 1, 1)).await?;
    let pace = Pace::Closed {
        outstanding: options.in_flight,
    };
    let plan = Plan::new(pace, Completion::Ack);
    load::measure(
        target,
        fleet,
        plan,
        options.load.timing(),
        options.load.threads,
    )
    .await
}

/// Stores this many messages, spread over 64 rooms.
pub(crate) async fn store(target: &Target, messages: u64) -> anyhow::Result<()> {
    let fleet = Fleet::connect(target, Layout::new(64, 1, 1)).await?;
    let plan = Plan {
        sends_max: messages,
        ..Plan::new(Pace::Closed { outstanding: 16 }, Completion::Ack)
    };
    load::fill(target, fleet, plan).await
}
