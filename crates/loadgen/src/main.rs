//! Loads a Parlor server and reports what it cost: per server CPU second and per connection beside
//! wall figures. It speaks raw frames, so that one core of it outruns one core of any server.

mod client;
mod figures;
mod frame;
mod idle;
mod process;
mod rooms;
mod sends;
mod start;
mod target;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Durable sends: every client has its own room and this many messages unanswered.
    Sends(sends::Options),
    /// Connections that have joined a room and say nothing: resident memory for each.
    Idle(idle::Options),
    /// Fills a store with messages, kills the server and times its start until it is healthy.
    Start(start::Options),
    /// All figures of docs/benchmarks.md, as Markdown.
    Figures(figures::Options),
}

/// The server under load, started by the generator on a store of its own.
#[derive(clap::Args, Clone)]
struct ServerOptions {
    /// The binary.
    #[arg(long, default_value = "target/release/parlor")]
    parlor: PathBuf,
    /// `postgres://…` of an empty database; SQLite in a temporary folder without it.
    #[arg(long)]
    postgres: Option<String>,
    /// Bind the server to this processor and the generator to the other one.
    #[arg(long)]
    pin: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().scenario {
        Scenario::Sends(options) => sends::run(&options)
            .await
            .map(|report| println!("{report}")),
        Scenario::Idle(options) => idle::run(&options).await.map(|report| println!("{report}")),
        Scenario::Start(options) => start::run(&options)
            .await
            .map(|report| println!("{report}")),
        Scenario::Figures(options) => figures::run(&options).await,
    }
}
