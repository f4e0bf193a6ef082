//! A lively day: messages, typing, reactions, history, and people who come and go beside it.

use crate::crowd::{self, Crowd, Shape};
use crate::dialect::Dialect;
use crate::load;
use crate::options::{LoadOptions, ServerOptions, by_default};
use crate::plan::{Goal, Pace, Plan};
use crate::rooms;
use crate::tally::Outcome;
use crate::target::Target;
use anyhow::ensure;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long one who came stays.
const STAY: Duration = Duration::from_secs(2);

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Rooms.
    #[arg(long, default_value_t = 100)]
    pub(crate) rooms: usize,
    /// Members of each room; all of them write.
    #[arg(long, default_value_t = 20)]
    pub(crate) members: usize,
    /// Commands per second in all: half are messages, a quarter typing, the rest reactions and
    /// history.
    #[arg(long, default_value_t = 2_000.0)]
    pub(crate) rate: f64,
    /// People who come and go.
    #[arg(long, default_value_t = 50)]
    pub(crate) comers: usize,
}

impl Options {
    /// What the defaults are on the command line.
    pub(crate) fn usual(server: &ServerOptions, load: LoadOptions) -> Self {
        Self {
            server: server.clone(),
            load,
            ..by_default()
        }
    }
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let target = Target::start(&options.server).await?;
    ensure!(
        target.peer.dialect() == Dialect::Parlor,
        "only Parlor has typing, reactions and history"
    );
    let shape = Shape::new(options.rooms, options.members, options.members);
    let crowd = Crowd::seat(&target, shape).await?;
    let run = rooms::unique("d");
    let until = Instant::now() + options.load.spell().warm + options.load.spell().measured;
    let mut comers = JoinSet::new();
    for at in 0..options.comers {
        let room = crowd.names()[at % options.rooms].clone();
        let name = format!("{run}-comer-{at}");
        comers.spawn(come_and_go(target.address.clone(), name, room, until));
    }
    let pace = Pace::Open {
        per_s: options.rate,
    };
    let plan = Plan {
        mixed: true,
        ..Plan::new(pace, Goal::Delivery)
    };
    let outcome = load::measure(&target, crowd, plan, options.load.spell(), 1).await?;
    while let Some(ended) = comers.join_next().await {
        ended??;
    }
    Ok(outcome)
}

/// Enters, stays a little, goes, and comes back with the same session.
async fn come_and_go(
    address: String,
    name: String,
    room: String,
    until: Instant,
) -> anyhow::Result<()> {
    let (client, ticket) = crowd::enter(&address, Dialect::Parlor, &name, &room).await?;
    stay(client).await?;
    while Instant::now() < until {
        let token = ticket.as_ref().map_or("", |ticket| &ticket.token);
        stay(crowd::come_back(&address, token).await?).await?;
    }
    Ok(())
}

/// Reads whatever comes, for a while.
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
