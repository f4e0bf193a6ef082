//! A mixed day: messages, typing, reactions and history, while other clients come and go.

use crate::counters::Outcome;
use crate::fleet::{self, Fleet, Layout};
use crate::load;
use crate::options::{LoadOptions, ServerOptions, defaults};
use crate::plan::{Completion, Pace, Plan};
use crate::protocol::Protocol;
use crate::rooms;
use crate::target::Target;
use anyhow::ensure;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a visitor stays connected.
const STAY: Duration = Duration::from_secs(2);

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Number of rooms.
    #[arg(long, default_value_t = 100)]
    pub(crate) rooms: usize,
    /// Members of each room; all of them publish.
    #[arg(long, default_value_t = 20)]
    pub(crate) members: usize,
    /// Commands per second in all: half messages, a quarter typing, the rest reactions and history.
    #[arg(long, default_value_t = 2_000.0)]
    pub(crate) rate: f64,
    /// Clients that repeatedly connect and disconnect.
    #[arg(long, default_value_t = 50)]
    pub(crate) visitors: usize,
}

impl Options {
    /// Returns the command line's defaults for this server and load.
    pub(crate) fn defaults_for(server: &ServerOptions, load: LoadOptions) -> Self {
        Self {
            server: server.clone(),
            load,
            ..defaults()
        }
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let target = Target::start(&options.server).await?;
    ensure!(
        target.peer.protocol() == Protocol::Parlor,
        "only Parlor has typing, reactions and history"
    );
    let shape = Layout::new(options.rooms, options.members, options.members);
    let fleet = Fleet::connect(&target, shape).await?;
    let run = rooms::unique("d");
    let until = Instant::now() + options.load.timing().warm_up + options.load.timing().measured;
    let mut visitors = JoinSet::new();
    for at in 0..options.visitors {
        let room = fleet.names()[at % options.rooms].clone();
        let name = format!("{run}-visitor-{at}");
        visitors.spawn(come_and_go(target.address.clone(), name, room, until));
    }
    let pace = Pace::Open {
        per_s: options.rate,
    };
    let plan = Plan {
        mixed: true,
        ..Plan::new(pace, Completion::Delivery)
    };
    let outcome = load::measure(&target, fleet, plan, options.load.timing(), 1).await?;
    while let Some(ended) = visitors.join_next().await {
        ended??;
    }
    Ok(outcome)
}

/// Joins, stays a while, disconnects, and reconnects with the same session.
async fn come_and_go(
    address: String,
    name: String,
    room: String,
    until: Instant,
) -> anyhow::Result<()> {
    let (client, session) = fleet::enter(&address, Protocol::Parlor, &name, &room).await?;
    stay(client).await?;
    while Instant::now() < until {
        let token = session.as_ref().map_or("", |session| &session.token);
        stay(fleet::reconnect(&address, Protocol::Parlor, token).await?).await?;
    }
    Ok(())
}

/// Stays connected for [`STAY`] and reads everything.
async fn stay(mut client: crate::client::Client) -> anyhow::Result<()> {
    let going = tokio::time::sleep(STAY);
    tokio::pin!(going);
    loop {
        tokio::select! {
            () = &mut going => return Ok(()),
            read = client.read(|_| {}) => read?,
        }
    }
}
