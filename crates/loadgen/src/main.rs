//! Loads a chat server and reports throughput per server CPU second, memory per connection and
//! wall-clock figures. It writes raw frames, so that one core of it outruns one core of any server.

mod churn;
mod client;
mod compare;
mod connection;
mod counters;
mod day;
mod event_loop;
mod fanout;
mod figures;
mod fleet;
mod frame;
mod growth;
mod idle;
mod load;
mod options;
mod page;
mod peer;
mod plan;
mod plot;
mod process;
mod protocol;
mod rooms;
mod sends;
mod socket;
mod stalled;
mod stamp;
mod start;
mod storm;
mod target;
mod workload;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Rooms with members and publishers, at a given rate or as fast as possible.
    Fanout(fanout::Options),
    /// Durable sends: every client has its own room and a fixed number of sends in flight.
    Sends(sends::Options),
    /// Connections that have joined a room and stay silent: resident memory per connection.
    Idle(idle::Options),
    /// Connect, hello, join, history and leave, in a loop.
    Churn(churn::Options),
    /// Some clients never read: the latency of the others, and memory per stalled client.
    Stalled(stalled::Options),
    /// All connections drop and reconnect at once: time until all have caught up.
    Storm(storm::Options),
    /// Messages, typing, reactions, history and presence together.
    Day(day::Options),
    /// Fills a store with messages, kills the server and times its start until it is healthy.
    Start(start::Options),
    /// Every Parlor benchmark beside its target.
    Figures(figures::Options),
    /// Parlor and other servers, measured in interleaved rounds.
    Peers(compare::Options),
    /// How cost grows with connections, rooms, room size and stored messages.
    Growth(growth::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().scenario {
        Scenario::Fanout(options) => println!("{}", fanout::run(&options).await?),
        Scenario::Sends(options) => println!("{}", sends::run(&options).await?),
        Scenario::Idle(options) => println!("{}", idle::run(&options).await?),
        Scenario::Churn(options) => println!("{}", churn::run(&options).await?),
        Scenario::Stalled(options) => println!("{}", stalled::run(&options).await?),
        Scenario::Storm(options) => println!("{}", storm::run(&options).await?),
        Scenario::Day(options) => println!("{}", day::run(&options).await?),
        Scenario::Start(options) => println!("{}", start::run(&options).await?),
        Scenario::Figures(options) => figures::run(&options).await?,
        Scenario::Peers(options) => compare::run(&options).await?,
        Scenario::Growth(options) => growth::run(&options).await?,
    }
    Ok(())
}
