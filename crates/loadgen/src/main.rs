//! Loads a chat server and reports what it cost: per server CPU second and per connection beside
//! wall figures. It speaks raw frames, so that one core of it outruns one core of any server.

mod churn;
mod client;
mod compare;
mod crowd;
mod day;
mod dialect;
mod fanout;
mod figures;
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
mod pump;
mod rooms;
mod seat;
mod sends;
mod stalled;
mod stamp;
mod start;
mod storm;
mod tally;
mod target;
mod wire;
mod work;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Rooms with members and publishers, at a given rate or as fast as it goes.
    Fanout(fanout::Options),
    /// Durable sends: every client has its own room and so many messages unanswered.
    Sends(sends::Options),
    /// Connections that have joined a room and say nothing: resident memory for each.
    Idle(idle::Options),
    /// Connect, hello, join, history, leave, over and over.
    Churn(churn::Options),
    /// Some readers never read: the others' latency, and memory for each.
    Stalled(stalled::Options),
    /// All connections drop and come back at once: time until all are caught up.
    Storm(storm::Options),
    /// Messages, typing, reactions, history and presence together.
    Day(day::Options),
    /// Fills a store with messages, kills the server and times its start until it is healthy.
    Start(start::Options),
    /// All of Parlor's figures beside what they are to reach.
    Figures(figures::Options),
    /// Parlor and its peers in interleaved rounds.
    Peers(compare::Options),
    /// Against connections, rooms, room size and what is stored.
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
